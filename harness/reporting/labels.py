"""Where labels go in a scatter so that they do not collide: greedy, deterministic, in pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Boxes = NDArray[np.float64]
    """Rectangles in pixels, shape ``[n, 4]``: left, bottom, right, top (the larger)."""
    Lines = NDArray[np.float64]
    """Segments in pixels, shape ``[n, 4]``: x and y of the one end, x and y of the other."""

_DIRECTIONS = tuple(math.tau * k / 16 for k in (0, 8, 4, 12, 2, 14, 6, 10, 1, 15, 7, 9, 3, 13, 5, 11))
"""Sixteen directions, those that read best first: right, left, above, below, then the diagonals."""

_RINGS = (1.0, 1.5, 2.1, 2.8, 3.6, 4.5, 5.5, 6.6, 7.8, 9.1, 10.5, 12.0, 14.0, 16.5, 19.5)
"""Distances to try, in multiples of the marker's radius plus half a line."""

_HIDES, _LEAVES, _STRUCK, _CROSSES, _MISTAKEN, _UNTOLD = 800.0, 1000.0, 300.0, 100.0, 60.0, 500.0
"""What it costs to hide something else (once, and again for each line height squared hidden), to stick out by a line
height, to be struck through by a line, to cross another leader line, to be about as near to another marker as to its
own, and to be so where no leader line is long enough to tell whose it is. A place on the next ring costs 16."""

_CLEAR = 1.5
"""Radii by which a label is to be nearer to its own marker than to any other."""
_LEADS = 2.5
"""Radii from a marker's center to its label from which on a leader line between them is seen."""


def place(
    points: ArrayLike, sizes: ArrayLike, frame: ArrayLike, radius: float, drawn: ArrayLike = ()
) -> list[tuple[float, float]]:
    """The left and bottom of each label's box, in the order of the points.

    A label hides no other label and no marker and is not struck through while there is room within the outermost ring;
    after that it takes the place that costs least. Labels in the most crowded places are placed first, because they
    have the fewest choices.

    Args:
        points: centers of the markers in pixels.
        sizes: width and height of each label in pixels.
        frame: left, bottom, right and top of what the labels have to stay in.
        radius: the marker's radius in pixels.
        drawn: segments that are drawn already (x, y, x, y): frontier, intervals.
    """
    spots, shapes = np.array(points, float).reshape(-1, 2), np.array(sizes, float).reshape(-1, 2)
    height, edges = float(shapes[:, 1].max(initial=0)), np.array(frame, float)
    markers = np.hstack([spots - radius, spots + radius])
    obstacles = np.array(drawn, float).reshape(-1, 4)
    near = (abs(spots[:, None] - spots[None]) < [16 * height, 8 * height]).all(axis=2).sum(axis=1)
    boxes = np.empty((0, 4))
    leaders = np.empty((0, 4))
    result: dict[int, tuple[float, float]] = {}
    for i in np.lexsort((spots[:, 0], -spots[:, 1], -near)).tolist():
        tried = _candidates(spots[i], shapes[i], radius)
        ends = np.clip(spots[i], tried[:, :2], tried[:, 2:])  # of the leader lines, where the boxes are nearest
        lines = np.hstack([np.broadcast_to(spots[i], (len(tried), 2)), ends])
        areas = _overlap(tried, np.vstack([boxes, markers])) / height**2
        sides = np.hstack([edges[:2] - tried[:, :2], tried[:, 2:] - edges[2:]])
        struck = _through(np.vstack([obstacles, leaders]), tried).sum(axis=0) + _through(lines, boxes).sum(axis=1)
        cost = _HIDES * ((areas > 0) + areas).sum(axis=1) + _LEAVES * np.clip(sides, 0, None).sum(axis=1) / height
        cost += _STRUCK * struck + _CROSSES * _cross(lines, leaders).sum(axis=1) + np.arange(len(tried))
        unclear = mistaken(tried, spots, i, _CLEAR * radius)
        led = np.linalg.norm(ends - spots[i], axis=1) >= _LEADS * radius
        cost += np.where(unclear, np.where(led, _MISTAKEN, _UNTOLD), 0.0)
        cost += _STRUCK * _near(lines, spots[np.linalg.norm(spots - spots[i], axis=1) > radius / 2], radius)
        best = int(cost.argmin())
        boxes, leaders = np.vstack([boxes, tried[best]]), np.vstack([leaders, lines[best]])
        result[i] = (float(tried[best, 0]), float(tried[best, 1]))
    return [result[i] for i in range(len(spots))]


def mistaken(boxes: Boxes, spots: NDArray[np.float64], own: int, margin: float = 0.0) -> NDArray[np.bool_]:
    """Whether each box, shape ``[n]``, is not nearer by a margin to the marker at index `own` than to any other.

    Of markers that are nearer to each other than twice the margin, half of what is between them is enough.
    """
    gaps = np.linalg.norm(spots[None] - np.clip(spots[None], boxes[:, None, :2], boxes[:, None, 2:]), axis=2)
    wanted = np.minimum(margin, np.linalg.norm(spots - spots[own], axis=1) / 2)
    others = np.where(np.arange(len(spots)) == own, np.inf, gaps - wanted).min(axis=1)
    result: NDArray[np.bool_] = others < gaps[:, own] - 1e-9
    return result


def free(corners: Sequence[tuple[float, float]], sizes: ArrayLike, frame: ArrayLike) -> bool:
    """Whether labels (left and bottom of each, and its size) hide no other and lie in the frame."""
    shapes, edges = np.array(sizes, float).reshape(-1, 2), np.array(frame, float)
    low = np.array(corners, float).reshape(-1, 2)
    boxes = np.hstack([low, low + shapes])
    areas = _overlap(boxes, boxes)
    np.fill_diagonal(areas, 0.0)
    inside = (boxes[:, :2] >= edges[:2] - 1).all() and (boxes[:, 2:] <= edges[2:] + 1).all()
    return bool(inside and not (areas > 1.0).any())


def _candidates(spot: NDArray[np.float64], size: NDArray[np.float64], radius: float) -> Boxes:
    """Boxes around a marker, the best first: each touches its ring with the side or corner that faces the marker."""
    width, height = size
    boxes = []
    for ring in _RINGS:
        for angle in _DIRECTIONS:
            dx, dy = math.cos(angle), math.sin(angle)
            side = 1 if dx > 0.1 else -1 if dx < -0.1 else 0
            x = spot[0] + dx * (radius + height / 2) * ring + side * width / 2
            y = spot[1] + dy * (radius + height / 2) * ring
            boxes.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    return np.array(boxes)


def _overlap(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Common areas, shape ``[len(a), len(b)]``."""
    size = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    areas: NDArray[np.float64] = np.clip(size, 0, None).prod(axis=2)
    return areas


def _through(lines: Lines, boxes: Boxes) -> NDArray[np.bool_]:
    """Whether each line passes through each box, shape ``[len(lines), len(boxes)]`` (Liang and Barsky)."""
    start, step = lines[:, None, :2], (lines[:, 2:] - lines[:, :2])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (boxes[None, :, :2] - start) / step, (boxes[None, :, 2:] - start) / step
    flat = step == 0
    inside = (boxes[None, :, :2] < start) & (start < boxes[None, :, 2:])
    enter = np.where(flat, np.where(inside, -np.inf, np.inf), np.minimum(a, b)).max(axis=2)
    leave = np.where(flat, np.where(inside, np.inf, -np.inf), np.maximum(a, b)).min(axis=2)
    result: NDArray[np.bool_] = np.maximum(enter, 0) < np.minimum(leave, 1) - 1e-9
    return result


def _near(lines: Lines, spots: NDArray[np.float64], radius: float) -> NDArray[np.int64]:
    """How many of the spots each line passes within the radius, shape ``[len(lines)]``."""
    start, step = lines[:, None, :2], (lines[:, 2:] - lines[:, :2])[:, None]
    length = np.maximum((step**2).sum(axis=2), 1e-12)
    along = np.clip(((spots[None] - start) * step).sum(axis=2) / length, 0, 1)
    away = np.linalg.norm(start + along[..., None] * step - spots[None], axis=2)
    result: NDArray[np.int64] = (away < radius).sum(axis=1)
    return result


def _cross(a: Lines, b: Lines) -> NDArray[np.bool_]:
    """Whether segments cross, shape ``[len(a), len(b)]``."""
    p, q, r, s = a[:, None, :2], a[:, None, 2:], b[None, :, :2], b[None, :, 2:]

    def side(u: NDArray[np.float64], v: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
        turn: NDArray[np.float64] = (v - u)[..., 0] * (w - u)[..., 1] - (v - u)[..., 1] * (w - u)[..., 0]
        return turn

    result: NDArray[np.bool_] = (side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)
    return result
