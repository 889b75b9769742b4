"""Forms with a file in them, as browsers send them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.models.served.messages import Call


def form(fields: Sequence[tuple[str, str]], call: Call, file_field: str = "file") -> tuple[dict[str, str], bytes]:
    """The headers and the body of a form.

    Args:
        fields: names and values, in their order; a name may come twice.
        call: whose audio is the file.
        file_field: the name of its field.
    """
    from urllib3.filepost import encode_multipart_formdata

    file = (f"clip.{call.format}", call.audio, call.media_type)
    # The same clip makes the same bytes each time; no audio holds its own digest.
    boundary = hashlib.sha256(call.audio).hexdigest()
    body, media_type = encode_multipart_formdata([*fields, (file_field, file)], boundary)
    return {"Content-Type": media_type}, body
