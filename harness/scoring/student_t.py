"""Student's t for any positive, also fractional, degrees of freedom: scipy's, imported when it is first asked for."""

NORMAL = 1e7
"""Degrees of freedom from which the distribution is taken as the normal one."""


def upper_tail(t: float, degrees: float) -> float:
    """P(T > t) for Student's t with that many degrees of freedom; ``math.inf`` degrees mean the normal distribution."""
    from scipy.special import ndtr, stdtr

    return float(ndtr(-t) if degrees > NORMAL else stdtr(degrees, -t))


def quantile(probability: float, degrees: float) -> float:
    """The t that is exceeded with probability ``1 - probability``, for a probability in (0, 1)."""
    from scipy.special import ndtri, stdtrit

    if not 0 < probability < 1 or not degrees > 0:
        raise ValueError(f"no quantile at probability {probability} with {degrees} degrees of freedom")
    return float(ndtri(probability) if degrees > NORMAL else stdtrit(degrees, probability))
