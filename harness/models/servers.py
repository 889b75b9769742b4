"""Models behind HTTP, as `--model` names them; what is sent and how it is carried is in `harness.models.served`."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.errors import UsageError
from harness.models._engine import TIMESTAMPS
from harness.models.base import Adapter, LoadOptions, Model, ModelOption
from harness.models.served.address import Address, check_url, parse_address
from harness.models.served.key import Key, read_key
from harness.models.served.options import COMMON, audio_format, check_sending, common
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
    TIMESTAMPS,
    _STREAM,
    _TEMPERATURE,
    _AUDIO,
)

_CHAT = (
    _PROMPT,
    ModelOption("system", "the system message"),
    ModelOption("part", "how the audio stands in the message", ("input_audio", "audio_url"), "input_audio"),
    ModelOption("max_tokens", "the longest reply, in tokens; the server's own limit unless said"),
    _STREAM,
    ModelOption("temperature", "of sampling", default="0"),
    ModelOption("audio", "how clips are sent", ("wav", "flac"), "wav"),
)


_VENDORS = (
    ModelOption("timestamps", "whether each word's time is kept", ("none", "word"), "none"),
    ModelOption("speakers", "whether each word's speaker is asked for", ("yes", "no"), "no"),
    ModelOption("locale", "language and region, for vendors that want both, such as en-GB"),
    ModelOption("url", "another address of the service: a region's, or your own"),
    _AUDIO,
)


def _openai(adapter: str, name: str, options: LoadOptions) -> tuple[Address, Key]:
    """Where a server that speaks as OpenAI's is, and the key for it; OpenAI's own goes to OpenAI alone."""
    address = parse_address(adapter, name)
    official = address.host == OPENAI_HOST
    variables = ("OPENAI_API_KEY", HARNESS_KEY) if official else (HARNESS_KEY,)
    key = read_key(variables, needed_by=name if official else None)
    check_sending(address, key, options)
    return address, key


def _load_transcriptions(name: str, options: LoadOptions) -> Model:
    from harness.models.served.loading import Served, serve
    from harness.models.served.openai import Transcriptions

    address, key = _openai("openai", name, options)
    words = options.option("timestamps") == "word"
    form = options.option("response_format") or "auto"
    if form == "auto":
        form = "verbose_json" if words else "diarized_json" if address.model.endswith("-diarize") else "json"
    if words and form != "verbose_json":
        raise UsageError(f"--model-option timestamps=word needs response_format=verbose_json, not {form}")
    service = Transcriptions(
        url=address.url,
        model=address.model,
        format=form,
        words=words,
        stream=options.option("stream") == "yes",
        prompt=options.option("prompt"),
        keywords=options.keywords,
        in_prompt=options.option("keywords_as") != "field",
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
    from harness.models.served.loading import Served, serve
    from harness.models.served.openai_chat import PROMPT, Chat

    address, key = _openai("openai-chat", name, options)
    service = Chat(
        url=address.url,
        model=address.model,
        prompt=options.option("prompt") or PROMPT,
        system=options.option("system"),
        keywords=options.keywords,
        part="audio_url" if options.option("part") == "audio_url" else "input_audio",
        max_tokens=options.whole("max_tokens"),
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


def _number(options: LoadOptions, name: str) -> str | None:
    """A number as the user wrote it."""
    value = options.option(name)
    try:
        good = value is None or math.isfinite(float(value))
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"--model-option {name}={value}: give a number")
    return value


def _adapter(
    name: str,
    summary: str,
    *,
    load: Callable[[str, LoadOptions], Model],
    check: Callable[[str], object],
    options: tuple[ModelOption, ...],
    tried: str = "servers on this machine",
    keywords: bool = True,
) -> Adapter:
    """What answers to ``name:...``; `check` refuses an address or model that is none before any data is read."""

    def checked(given: str) -> None:
        check(given)

    return Adapter(
        name=name,
        summary=summary,
        load=load,
        accepts=lambda given: given.startswith(f"{name}:"),
        check=checked,
        options=(*options, *COMMON),
        keywords=keywords,
        row_keywords=keywords,
        tried=tried,
        served=True,
        devices=("cpu",),
    )


def _vendor_adapter(vendor: Vendor) -> Adapter:
    return _adapter(
        vendor.name,
        f"{vendor.title}, a cloud service: {vendor.name}:MODEL, such as {vendor.name}:{vendor.model}",
        load=lambda name, options: _load_vendor(vendor, name, options),
        check=lambda name: _vendor_model(vendor, name),
        options=(*_VENDORS, *vendor.options),
        tried="a stand-in of its documented API, on this machine; never the service",
        keywords=vendor.keywords,
    )


ADAPTERS = (
    _adapter(
        "openai",
        "any server with OpenAI's transcription endpoint: openai:URL#MODEL",
        load=_load_transcriptions,
        check=lambda name: parse_address("openai", name),
        options=_TRANSCRIPTIONS,
    ),
    _adapter(
        "openai-chat",
        "models that hear through a server's chat endpoint: openai-chat:URL#MODEL",
        load=_load_chat,
        check=lambda name: parse_address("openai-chat", name),
        options=_CHAT,
    ),
    *map(_vendor_adapter, VENDORS),
)
