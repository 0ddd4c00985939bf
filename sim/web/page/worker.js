"use strict";
/* Who asks for cities, and what is told of them. The page sends {run, ...}; each arm is told as soon as it is lived, then possible cities. */

const SNAPSHOT = 4; // weeks between pictures of places
let compiled, about, latest = 0;

const valuesAt = (job, week, more = {}) => {
  const values = { ...job.values };
  for (const change of job.changes) if (change.week <= week) Object.assign(values, change.set);
  return { ...values, ...more };
};

function built(job) {
  const { exports } = new WebAssembly.Instance(compiled);
  const asked = { city: job.city, ticks: job.spin_up_weeks + job.weeks, people: job.seed, seed: job.seed, stated: job.stated };
  return new City(exports, about.layout, asked, valuesAt(job, -job.spin_up_weeks));
}

/** Live on to a week, stopping where something is dated or looked at; `look` is called at every stop. */
function live(city, job, week, look) {
  const dates = [...new Set(job.changes.map((change) => change.week))];
  for (let now = city.tick - job.spin_up_weeks; now < week;) {
    if (dates.includes(now)) city.set(valuesAt(job, now));
    const every = look ? SNAPSHOT : SURVEY, mod = ((now % every) + every) % every;
    const stops = [week, now + every - mod, ...dates.filter((date) => date > now)];
    city.advance(Math.min(...stops) - now);
    now = city.tick - job.spin_up_weeks;
    if (look) look(city, now);
  }
}

function told(city, job) {
  const record = Object.fromEntries(["counts", "means", "ledger"].map((name) => [name, Float64Array.from(city.column(`record.${name}`), Number)]));
  const weight = Float64Array.from({ length: job.spin_up_weeks + job.weeks },
    (_, tick) => valuesAt(job, tick - job.spin_up_weeks)["trust.effectiveness_weight"]);
  return { ...record, weight, sizes: city.sizes };
}

async function digests(city) {
  const made = {};
  for (const name of Object.keys(city.columns)) {
    if (/^(scratch|rows|docket|fields)/.test(name)) continue;
    const { at, length, type } = city.columns[name];
    const bytes = new Uint8Array(city.exports.memory.buffer, at, length * VIEWS[type].BYTES_PER_ELEMENT).slice();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    made[name] = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return made;
}

async function run(job) {
  const city = built(job);
  live(city, job, 0);
  live(city, job, job.weeks);
  const series = told(city, job);
  postMessage({ run: job.run, arm: 0, series, digests: job.digests ? await digests(city) : null });
}

onmessage = async ({ data }) => {
  if (data.module) {
    about = data;
    compiled = new WebAssembly.Module(data.module);
    return;
  }
  latest = data.run;
  await run(data);
};
