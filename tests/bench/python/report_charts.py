"""Charts as SVG. What is drawn is rounded to points of the screen. Colours are told apart by the page's style sheet."""

import math
from html import escape

WIDTH, FONT = 1040, 'font-family="sans-serif" font-size="12"'
INK, GRID, LIMIT, OVER, MARK = "#333A45", "#D9DEE5", "#111827", "#D1495B", "#6B3FA0"
PARTS = ["#2B6CB0", "#2F9E8F", "#E09F3E", "#7B5EA7", "#8A94A6"]
# By its name in the style sheet: in the light, in the dark.
COLOURS = {
    "ink": (INK, "#c9d1dc"),
    "grid": (GRID, "#39424f"),
    "limit": (LIMIT, "#f5f7fa"),
    "over": (OVER, "#f0728a"),
    "mark": (MARK, "#c8a8ff"),
    "part0": (PARTS[0], "#63a4e8"),
    "part1": (PARTS[1], "#56c9b8"),
    "part2": (PARTS[2], "#f0b866"),
    "part3": (PARTS[3], "#a98bd6"),
    "part4": (PARTS[4], "#9aa5b8"),
}
ROW, LEFT, RIGHT, TICKS = 26, 300, 900, 5
MOST_PERCENT, MOST_LETTERS, UNCERTAIN = 250.0, 38, 0.45


def stacked(stacks):
    """Days beside one another, their parts upon one another: (label, parts, whole)."""
    top = nice(max(sum(max(part, 0) for part in parts) for _, parts, _ in stacks))
    left, right, above, below = 72, WIDTH - 16, 8, 262
    step = (right - left) / len(stacks)
    y = lambda value: below - value / top * (below - above)
    shapes = []
    for tick in range(TICKS + 1):
        value = top * tick / TICKS
        shapes.append(line(left, y(value), right, y(value), GRID, 1))
        shapes.append(text(left - 8, y(value), compact(value), "end"))
    every = math.ceil(len(stacks) / 14)
    for at, (label, parts, whole) in enumerate(stacks):
        base, opacity = 0.0, 1 if whole else UNCERTAIN
        for part, colour in zip(parts, PARTS, strict=True):
            height = y(base) - y(base + max(part, 0))
            base += max(part, 0)
            shapes.append(box(left + at * step + 1, y(base), step - 2, height, colour, opacity))
        if at % every == 0:
            shapes.append(text(left + (at + 0.5) * step, below + 18, label, "middle"))
    return drawn(300, shapes)


def bars(drawn_bars, limit, unit):
    """Bars below one another: (label, value, what stands at its end, mark, over); `limit` is a line through all."""
    values = [max(value, 0.0) for _, value, *_ in drawn_bars]
    furthest = max([*values, *(mark for *_, mark, _ in drawn_bars if mark is not None), limit or 0.0])
    if limit is not None:
        # One account far beyond its limit would leave nothing to see of the others.
        furthest = min(furthest, max(2 * sorted(values)[len(values) // 2], MOST_PERCENT))
    top, bottom = nice(furthest), len(drawn_bars) * ROW + 4
    x = lambda value: LEFT + round(min(max(value / top, 0), 1) * (RIGHT - LEFT))
    shapes, texts = [], []
    for tick in range(TICKS + 1):
        value = top * tick / TICKS
        shapes.append(line(x(value), 4, x(value), bottom, GRID, 1))
        shapes.append(text(x(value), bottom + 16, f"{compact(value)}{unit}", "middle"))
    for at, (label, value, shown, mark, over) in enumerate(drawn_bars):
        above, below, end = at * ROW + 8, (at + 1) * ROW, x(value)
        shapes.append(box(LEFT, above, end - LEFT, below - above, OVER if over else PARTS[0], 1))
        shapes.append(text(LEFT - 8, (above + below) // 2, short(label), "end"))
        after = end
        if mark is not None and mark <= top:
            shapes.append(line(x(mark), above - 2, x(mark), below + 2, MARK, 3))
            # What stands at the end of a bar is not crossed by the mark.
            after = x(mark) if end - 4 <= x(mark) < end + 130 else end
        texts.append(text(after + 8, (above + below) // 2, shown, "start"))
    if limit is not None:
        shapes.append(line(x(limit), 0, x(limit), bottom, LIMIT, 2))
    return drawn(bottom + 30, shapes + texts)


def drawn(height, shapes):
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return "\n".join([f'<svg {size} xmlns="http://www.w3.org/2000/svg">', *shapes, "</svg>"])


def line(x1, y1, x2, y2, colour, width):
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" stroke-width="{width}"/>'


def box(x, y, width, height, colour, opacity):
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {place} opacity="{opacity}" fill="{colour}" stroke="none"/>'


def text(x, y, words, anchor):
    place = f'x="{x:g}" y="{y:g}" dy="0.35em" text-anchor="{anchor}" {FONT}'
    return f'<text {place} fill="{INK}">{escape(words)}</text>'


def nice(furthest):
    """The end of an axis: 1, 2, 2.5 or 5 of the next power of ten."""
    if furthest <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(furthest))
    return next((step * power for step in (1, 2, 2.5, 5, 10) if step * power >= furthest), furthest)


def compact(value):
    """`950`, `1.2 k`, `3 M`."""
    units = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"))
    factor, unit = next((pair for pair in units if value >= pair[0]), (1.0, ""))
    return f"{value / factor:.2f}".rstrip("0").rstrip(".") + unit


def short(label):
    return label if len(label) <= MOST_LETTERS else label[: MOST_LETTERS - 1].rstrip() + "…"
