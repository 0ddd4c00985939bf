"""How fast and how large the page is in headless Chromium: python tests/browser_pace.py prints what docs/design/0028 tells.

Times of the main thread are processor time, so that other programs on the computer count for less; those of the worker are by the clock.
"""

import time
from contextlib import suppress
from os import sysconf
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from browsing import Opened, started

from sim.inputs.scenario import load_scenario
from sim.web.page import write_page
from sim.world.rng import replicate_seed
from sim.world.simulation import Simulation

TIMES = 8
PLAY = """
const done = arguments[0], ends = [], begins = performance.now();
state.week = 0;
play();
const each = () => { ends.push(performance.now()); if (playing && ends.length < 600) requestAnimationFrame(each); else done(ends.length); };
requestAnimationFrame(each);
"""
FRAME = """
const [done] = arguments;
requestAnimationFrame(() => { WHAT; requestAnimationFrame(() => setTimeout(done)); });
"""
DRAWN = {  # what is drawn a frame each when playing has ended
    "maps": "drawMaps()", "ledger": "drawLedger()", "place": "drawPlace()", "answer": "drawAnswer()",
    **{f"chart of {measure}": f"drawChart('{measure}')" for measure in ("trust", "trusting", "reporting", "crimes", "complaints", "cost")},
}  # fmt: skip
LIVE = """
const [weeks, times, done] = arguments, made = living(by("worker").textContent + `
  addEventListener("message", ({data}) => { if (data.size) postMessage({bytes: exports.memory.buffer.byteLength}); });`);
globalThis.worked?.terminate();
globalThis.worked = made;
const found = [];
let began, left = times;
made.onmessage = ({data}) => {
  if (data.ready || (data.done && left-- > 0)) {
    if (data.done) { found.push([performance.now() - began]); made.postMessage({size: true}); }
    else { began = performance.now(); made.postMessage({run: 1, ...job(), weeks, cities: []}); }
  } else if (data.bytes) {
    found[found.length - 1].push(data.bytes);
    if (left === 0) return done(found);
    began = performance.now();
    made.postMessage({run: 1, ...job(), weeks, cities: []});
  }
};
made.postMessage({module: moduleOf(DATA.module), layout: DATA.layout, reforms: REFORMS});
"""


def of_page(driver) -> Path:
    """The process that shows the page, of those that the driver has started: the one that has worked most."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(") ")[2].split()[1])

    def ours(process: int) -> bool:
        return process == driver.service.process.pid or (process in parents and ours(parents[process]))

    shown = [Path(f"/proc/{each}") for each in parents if ours(each) and b"--type=renderer" in Path(f"/proc/{each}/cmdline").read_bytes()]
    return max(shown, key=lambda process: seconds(process))


def seconds(process: Path, thread: str = "") -> float:
    """Processor time of its threads that are called so."""
    told = [(each / "comm", each / "stat") for each in (process / "task").iterdir()]
    times = [stat.read_text().rpartition(") ")[2].split()[11:13] for name, stat in told if name.read_text().startswith(thread)]
    return sum(int(part) for both in times for part in both) / sysconf("SC_CLK_TCK")


def private(process: Path) -> float:
    """Megabytes that are its own."""
    told = (process / "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in told if line.startswith("Private_")) / 1024


def kept(driver, process: Path) -> float:
    """The same when what nobody needs any more is gone."""
    driver.execute_cdp_cmd("Memory.simulatePressureNotification", {"level": "critical"})
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    time.sleep(1)
    return private(process)


def of_frame(driver, what: str) -> float:
    """Milliseconds of processor time of the main thread in the frame that does this and the one after it, in which it is seen."""
    before = worked(driver)
    driver.execute_async_script(FRAME.replace("WHAT", what))
    return 1000 * (worked(driver) - before)


def worked(driver) -> float:
    """Seconds of processor time that the main thread has worked."""
    told = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(each["value"] for each in told if each["name"] == "TaskDuration")


def tell_frames(driver) -> None:
    """Of each frame of a play of 52 weeks, and of those in which all is drawn at its end, with all bands."""
    empty = sorted(of_frame(driver, "") for _ in range(21))[10]
    weeks = [of_frame(driver, f"playing = 1; goTo({week})") for week in range(52 + 1)]
    ends = {name: of_frame(driver, f"playing = 0; {what}") for name, what in DRAWN.items()}
    worst, name = max((took, name) for name, took in ends.items())
    most = quantiles(weeks, n=100, method="inclusive")[98]
    print(f"52 weeks: median {median(weeks):.1f} ms a frame, 99th percentile {most:.1f}, worst {max(weeks):.1f}")
    print(f"frames after its end: worst {worst:.1f} ms ({name}); of each, {empty:.1f} ms are the asking and an empty frame")
    print("; ".join(f"{name} {took:.1f}" for name, took in ends.items()))


def main() -> None:
    """Measure, and print a line each."""
    scenario = load_scenario("national-average")
    Simulation(scenario.with_(weeks=52), replicate_seed(scenario.seed, 0)).run()  # compiles
    began = time.process_time()
    for _ in range(TIMES):
        Simulation(scenario.with_(weeks=52), replicate_seed(scenario.seed, 0)).run()
    native = (time.process_time() - began) / TIMES
    with TemporaryDirectory() as folder, started() as driver:
        page = Opened(driver, write_page(scenario, "national-average", Path(folder) / "city.html"))
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        painted = []
        for _ in range(4):
            page.get()
            page.until(lambda: page.all("#answer tbody tr"))
            painted.append(page.run("return performance.getEntriesByType('paint').map((each) => each.startTime).at(-1)"))
        page.until(lambda: page.one("main").get_attribute("data-run"))
        before = worked(driver)
        frames = driver.execute_async_script(PLAY)
        work = 1000 * (worked(driver) - before) / frames
        print(f"first picture after {min(painted):.0f} ms (by the clock)")
        print(f"main thread while playing: {work:.1f} ms a frame ({frames} frames)")
        page.until(lambda: page.run("return Number(root.dataset.cities) === draws().length"))
        cities = page.run("worker.postMessage({run: ++run}); return cities.length")  # and no more beside what follows
        print(f"possible cities: {cities}")
        tell_frames(driver)
        process = of_page(driver)
        print(f"memory of the page's process alone: {private(process):.0f} MB")
        for many, weeks in ((5, 52), (1, 52)):
            page.run("globalThis.worked?.terminate(); state.on = state.on.slice(0, arguments[0])", many - 1)
            time.sleep(1)
            before_ = seconds(process, "DedicatedWorker")
            driver.execute_async_script(LIVE, weeks, TIMES)
            took = (seconds(process, "DedicatedWorker") - before_) / TIMES
            print(f"{many} arms x {weeks} weeks after {scenario.spin_up_weeks} of settling: {1000 * took:.0f} ms")
        print(f"the last on the desktop: {1000 * native:.0f} ms, ratio {took / native:.2f}")
        for times in (1, 20):
            lived = driver.execute_async_script(LIVE, 1000, times)
            sizes = {f"{size / 1e6:.2f}" for _, size in lived}
            print(f"1,000 weeks, {times} times: module {' or '.join(sizes)} MB; the page's process then {kept(driver, process):.0f} MB")


if __name__ == "__main__":
    main()
