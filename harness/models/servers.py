"""Models behind HTTP, as `--model` names them; what is sent and how it is carried is in `harness.models.served`."""

from __future__ import annotations

from harness.errors import UsageError
from harness.models.base import Adapter, LoadOptions, Model, ModelOption
from harness.models.served.options import COMMON, audio_format, check_sending, common, positive
from harness.models.served.vendors import assemblyai, azure, deepgram, elevenlabs, google, rev, speechmatics
from harness.models.served.vendors.base import Ask, Vendor, VendorService

HARNESS_KEY = "HARNESS_API_KEY"
"""The variable of the key for servers that are nobody's in particular."""

OPENAI_HOST = "api.openai.com"

VENDORS = tuple(module.VENDOR for module in (assemblyai, azure, deepgram, elevenlabs, google, rev, speechmatics))

_AUDIO = ModelOption("audio", "how clips are sent", ("flac", "wav"), "flac")
_PROMPT = ModelOption("prompt", "text that the model is given before it listens")
_STREAM = ModelOption(
    "stream", "have the answer streamed, which gives the time to the first token", ("yes", "no"), "no"
)
_TEMPERATURE = ModelOption("temperature", "of sampling")

_TRANSCRIPTIONS = (
    _PROMPT,
    ModelOption("keywords_as", "how --keywords are sent: in the prompt, or in a field", ("prompt", "field"), "prompt"),
    ModelOption(
        "response_format",
        "auto: diarized_json for models that name speakers, verbose_json with timestamps=word, else json",
        ("auto", "json", "verbose_json", "text", "diarized_json"),
        "auto",
    ),
    ModelOption("timestamps", "whether each word's time is asked for", ("none", "word"), "none"),
    _STREAM,
    _TEMPERATURE,
    _AUDIO,
    *COMMON,
)

_CHAT = (
    _PROMPT,
    ModelOption("system", "the system message"),
    ModelOption("part", "how the audio stands in the message", ("input_audio", "audio_url"), "input_audio"),
    ModelOption("max_tokens", "the longest reply, in tokens; the server's own limit unless said"),
    _STREAM,
    ModelOption("temperature", "of sampling", default="0"),
    ModelOption("audio", "how clips are sent", ("wav", "flac"), "wav"),
    *COMMON,
)


_VENDORS = (
    ModelOption("timestamps", "whether each word's time is kept", ("none", "word"), "none"),
    ModelOption("speakers", "whether each word's speaker is asked for", ("yes", "no"), "no"),
    ModelOption("locale", "language and region, for vendors that want both, such as en-GB"),
    ModelOption("url", "another address of the service: a region's, or your own"),
    _AUDIO,
)


def _variables(host: str) -> tuple[str, ...]:
    """Where the key of a host stands; OpenAI's goes to OpenAI alone."""
    return ("OPENAI_API_KEY", HARNESS_KEY) if host == OPENAI_HOST else (HARNESS_KEY,)


def _load_transcriptions(name: str, options: LoadOptions) -> Model:
    from harness.models.served.address import parse_address
    from harness.models.served.key import read_key
    from harness.models.served.loading import Served, serve
    from harness.models.served.openai import Transcriptions

    address = parse_address("openai", name)
    key = read_key(_variables(address.host), needed_by=name if address.host == OPENAI_HOST else None)
    check_sending(address, key, options)
    words = options.option("timestamps") == "word"
    form = options.option("response_format") or "auto"
    if form == "auto":
        form = "verbose_json" if words else "diarized_json" if address.model.endswith("-diarize") else "json"
    if words and form != "verbose_json":
        raise UsageError(f"--model-option timestamps=word needs response_format=verbose_json, not {form}")
    as_fields = options.option("keywords_as") == "field"
    prompts = [options.option("prompt"), None if as_fields else ", ".join(options.keywords)]
    service = Transcriptions(
        url=address.url,
        model=address.model,
        format=form,
        words=words,
        stream=options.option("stream") == "yes",
        prompt=" ".join(part for part in prompts if part) or None,
        keywords=options.keywords if as_fields else (),
        temperature=_number(options, "temperature"),
    )
    return serve(
        Served(
            name=name,
            address=address,
            key=key,
            service=service,
            form=audio_format(options, "flac"),
            options=options,
            common=common(options),
            models=f"{address.url}/models",
        )
    )


def _load_chat(name: str, options: LoadOptions) -> Model:
    from harness.models.served.address import parse_address
    from harness.models.served.key import read_key
    from harness.models.served.loading import Served, serve
    from harness.models.served.openai_chat import PROMPT, Chat

    address = parse_address("openai-chat", name)
    key = read_key(_variables(address.host), needed_by=name if address.host == OPENAI_HOST else None)
    check_sending(address, key, options)
    tokens = positive(options, "max_tokens")
    service = Chat(
        url=address.url,
        model=address.model,
        prompt=options.option("prompt") or PROMPT,
        system=options.option("system"),
        keywords=options.keywords,
        part="audio_url" if options.option("part") == "audio_url" else "input_audio",
        max_tokens=None if tokens is None else int(tokens),
        temperature=_number(options, "temperature") or "0",
        stream=options.option("stream") == "yes",
    )
    return serve(
        Served(
            name=name,
            address=address,
            key=key,
            service=service,
            form=audio_format(options, "wav"),
            options=options,
            common=common(options),
            base64=True,
            models=f"{address.url}/models",
        )
    )


def _load_vendor(vendor: Vendor, name: str, options: LoadOptions) -> Model:
    from harness.models.served.address import Address, check_url
    from harness.models.served.key import read_key
    from harness.models.served.loading import Served, serve

    model = _vendor_model(vendor, name)
    url = options.option("url") or vendor.url
    shape = f"give --model-option url=, the address of your resource at {vendor.title}"
    if url is None:
        raise UsageError(f"{vendor.title} has an address for each customer; {shape}")
    address = Address(url=check_url(url, "--model-option url:", shape), model=model)
    key = read_key(vendor.keys, name=vendor.header, form=vendor.form, needed_by=name)
    check_sending(address, key, options, costs=True)
    ask = Ask(
        url=address.url,
        model=model,
        keywords=options.keywords,
        words=options.option("timestamps") == "word",
        speakers=options.option("speakers") == "yes",
        locale=options.option("locale"),
    )
    return serve(
        Served(
            name=name,
            address=address,
            key=key,
            service=VendorService(vendor, ask),
            form=audio_format(options, "flac"),
            options=options,
            common=common(options, max_bytes=vendor.max_bytes),
            base64=vendor.base64,
            longest=vendor.longest,
        )
    )


def _vendor_model(vendor: Vendor, name: str) -> str:
    """The vendor's model in ``vendor:MODEL``."""
    model = name.removeprefix(f"{vendor.name}:")
    if not model or not all(letter.isalnum() or letter in "-_./" for letter in model) or not model.isascii():
        raise UsageError(f"--model {vendor.name}: give the name of a model, such as {vendor.name}:{vendor.model}")
    if model in vendor.refused:
        raise UsageError(f"--model {name} is no recognizer; give a model, such as {vendor.name}:{vendor.model}")
    return model


def _vendor_adapter(vendor: Vendor) -> Adapter:
    return Adapter(
        name=vendor.name,
        summary=f"{vendor.title}, a cloud service: {vendor.name}:MODEL, such as {vendor.name}:{vendor.model}",
        load=lambda name, options: _load_vendor(vendor, name, options),
        accepts=lambda name: name.startswith(f"{vendor.name}:"),
        check=lambda name: _check_vendor(vendor, name),
        options=(*_VENDORS, *vendor.options, *COMMON),
        keywords=vendor.keywords,
        tried="a stand-in of its documented API, on this machine; never the service",
        served=True,
        devices=("cpu",),
    )


def _check_vendor(vendor: Vendor, name: str) -> None:
    _vendor_model(vendor, name)


def _number(options: LoadOptions, name: str) -> str | None:
    """A number as the user wrote it."""
    value = options.option(name)
    if value is not None:
        try:
            float(value)
        except ValueError:
            raise UsageError(f"--model-option {name}={value}: give a number") from None
    return value


def _check(adapter: str, name: str) -> None:
    """Refuses an address that is none before any data is read."""
    from harness.models.served.address import parse_address

    parse_address(adapter, name)


ADAPTERS = (
    Adapter(
        name="openai",
        summary="any server with OpenAI's transcription endpoint: openai:URL#MODEL",
        load=_load_transcriptions,
        accepts=lambda name: name.startswith("openai:"),
        check=lambda name: _check("openai", name),
        options=_TRANSCRIPTIONS,
        keywords=True,
        tried="servers on this machine",
        served=True,
        devices=("cpu",),
    ),
    Adapter(
        name="openai-chat",
        summary="models that hear through a server's chat endpoint: openai-chat:URL#MODEL",
        load=_load_chat,
        accepts=lambda name: name.startswith("openai-chat:"),
        check=lambda name: _check("openai-chat", name),
        options=_CHAT,
        keywords=True,
        tried="servers on this machine",
        served=True,
        devices=("cpu",),
    ),
    *map(_vendor_adapter, VENDORS),
)
