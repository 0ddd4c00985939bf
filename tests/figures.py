"""What tests ask of any figure: is something cut off, too small in print, or written over an axis?"""

from matplotlib.text import Text

from sim.style.looks import LEAST, PRINTED


def shown(figure):
    """Visible texts with the room each takes, in pixels. Names of ticks beyond the ends of an axis are not drawn."""
    figure.draw_without_rendering()
    hidden = {text for axes in figure.axes if not axes.get_visible() for text in axes.findobj(Text)}
    for axis, at in ((axis, at) for axes in figure.axes for at, axis in enumerate((axes.xaxis, axes.yaxis))):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.majorTicks, *axis.minorTicks):
            hidden |= {text for text in (tick.label1, tick.label2) if not low - 1e-9 <= text.get_position()[at] <= high + 1e-9}
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible() and text not in hidden]
    return [(text.get_text(), text.get_window_extent()) for text in texts]


def cut(figure):
    """Texts that leave the figure."""
    width, height = figure.canvas.get_width_height()
    return [said for said, room in shown(figure) if room.x0 < -1 or room.y0 < -1 or room.x1 > width + 1 or room.y1 > height + 1]


def small(figure):
    """Texts that are too small to read where the figure is printed on a page."""
    share = min(1.0, PRINTED / figure.get_size_inches()[0])
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip() and text.get_fontsize() * share < LEAST - 0.05]


def on_an_axis(figure):
    """Texts without paper behind them that an axis runs through."""
    figure.draw_without_rendering()
    inked = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible() and text.get_bbox_patch() is None]
    lines = [
        spine.get_window_extent()
        for axes in figure.axes
        if axes.get_visible() and axes.axison
        for spine in axes.spines.values()
        if spine.get_visible()
    ]
    lines = [line for line in lines if line.width * line.height < 5 * max(line.width, line.height)]
    return [
        text.get_text() for text in inked for room in [text.get_window_extent().padded(-2)] if any(room.overlaps(line) for line in lines)
    ]
