"""What an answer, or the lack of one, means: done, try again later, this clip failed, or the run is over. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from harness.models.served.messages import Response, said
from harness.models.served.transport import Late, Lost, TooLarge, Trouble, Unreachable, Untrusted

LATER = frozenset({408, 429, 502, 503, 504, 529})
"""What a server that is busy or starting says: trying again is worth while."""

REFUSED = {401: "the key is refused", 402: "payment is required", 403: "access is refused"}
NOT_HERE = {404: "there is no such model or address", 405: "this is no address for it", 410: "it is there no more"}
"""What no further clip would change."""

NO_CREDIT = ("insufficient_quota", "billing_hard_limit", "exceeded your current quota")
"""In a 429: the account is empty, which waiting does not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often something is tried again, and when."""

    attempts: int = 6
    """Of one request, where the server is busy or the connection was lost."""
    broken: int = 2
    """Where the server says that it is broken (500): it may be the clip that breaks it."""
    late: int = 2
    """Where no answer came in time."""
    first: float = 0.5
    """Seconds before the second attempt; each further wait is twice as long."""
    longest: float = 30.0
    """Seconds, of our own waits."""
    patience: float = 300.0
    """Seconds that a server may ask to wait; where it asks for more the run ends, to be gone on with then."""
    seed: int = 0
    """Of what is random about the waits."""

    def wait(self, name: str, attempt: int) -> float:
        """Seconds before the next attempt after so many; random, so that many do not come back at once."""
        whole = min(self.longest, self.first * 2.0 ** (attempt - 1))
        return whole * (0.5 + 0.5 * random.Random(f"{self.seed}/{name}/{attempt}").random())  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is one to read."""

    response: Response


@dataclass(frozen=True, slots=True)
class Again:
    """To be tried again."""

    seconds: float
    """Until then."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This clip failed."""

    why: str
    asks: bool = False
    """Whether it may be the server that is gone, not the clip that is bad: worth a look before the clip is blamed."""
    refused: bool = False
    """Whether the server said that this request is not to its liking, which says little of others."""


@dataclass(frozen=True, slots=True)
class End:
    """No further clip would fare better."""

    why: str


Verdict = Done | Again | GiveUp | End


@dataclass(slots=True)
class Tries:
    """The attempts of one request."""

    name: str
    """Of its clip."""
    policy: Policy
    made: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)

    def judge(self, outcome: Response | Trouble) -> Verdict:
        """What the outcome of one more attempt means."""
        self.made += 1
        return self._trouble(outcome) if isinstance(outcome, Trouble) else self._response(outcome)

    def _again(self, kind: str, most: int) -> bool:
        self._kinds[kind] += 1
        return self._kinds[kind] < most and self.made < max(most, self.policy.attempts)

    def _trouble(self, trouble: Trouble) -> Verdict:
        policy, wait = self.policy, self.policy.wait(self.name, self.made)
        if isinstance(trouble, Untrusted):
            return End(str(trouble))
        if isinstance(trouble, TooLarge):
            return GiveUp(str(trouble))
        if isinstance(trouble, Late):
            return Again(wait) if self._again("late", policy.late) else GiveUp(self._after(str(trouble)), asks=True)
        if self._again("connection", policy.attempts):
            return Again(wait)
        if isinstance(trouble, Unreachable):
            return End(self._after(str(trouble)))
        assert isinstance(trouble, Lost)
        return GiveUp(self._after(str(trouble)), asks=True)

    def _response(self, response: Response) -> Verdict:
        status, policy = response.status, self.policy
        if 200 <= status < 300:
            return Done(response)
        what = f"the server answered {status}"
        asked = retry_after(response.headers) or 0.0
        hopeless = _hopeless(response, asked, policy.patience)
        if hopeless is not None:
            return End(f"{what}{hopeless}")
        if status in LATER:
            if self._again("later", policy.attempts):
                return Again(max(asked, policy.wait(self.name, self.made)))
        elif status >= 500 and self._again("broken", policy.broken):
            return Again(policy.wait(self.name, self.made))
        return GiveUp(self._after(f"{what}: {said(response)}"), refused=status < 500 and status not in LATER)

    def _after(self, why: str) -> str:
        return f"{why} (tried {self.made} times)" if self.made > 1 else why


def _hopeless(response: Response, asked: float, patience: float) -> str | None:
    """Why no further request would fare better than this one; None where one may."""
    status = response.status
    if 300 <= status < 400:
        return f", a redirect to {_place(response)}, which is not followed; give that address"
    if status in REFUSED or status in NOT_HERE:
        return f", {REFUSED.get(status) or NOT_HERE[status]}: {said(response)}"
    if status == 429 and any(sign in response.body.decode(errors="replace").lower() for sign in NO_CREDIT):
        return f", the account has no credit left: {said(response)}"
    if status in LATER and asked > patience:
        return f" and asks to wait {asked:,.0f} s; the same command goes on then"
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait; None where it does not say, or not in a way that is understood."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        stated = headers.get("retry-after", "").strip()
        if not stated:
            return None
        if stated.replace(".", "", 1).isdecimal():
            return float(stated)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (parsedate_to_datetime(stated) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _place(response: Response) -> str:
    """Where a redirect leads: without what follows the path, which may hold secrets."""
    try:
        parts = urlsplit(response.headers.get("location", ""))
    except ValueError:  # brackets that are no address
        return "nowhere"
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}" if parts.hostname else parts.path or "nowhere"
