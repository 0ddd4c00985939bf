"use strict";
/* A city in the module's memory, laid out as compiled Python has it. What happens in it is the module's; here is only who calls what when,
   as in sim/world/simulation.py and sim/world/survey.py. */

const VIEWS = {
  f8: Float64Array, i8: BigInt64Array, u8: BigUint64Array, i4: Int32Array, u4: Uint32Array, f4: Float32Array, i2: Int16Array, u1: Uint8Array,
  i1: Int8Array,
};
const NOT_STATED = -9, SURVEY = 26, BATCH = 1024;

/** How many rows each table of a city of this size has. */
function sizesOf(city, values, ticks) {
  const officers = Math.max(1, Math.floor(city.adults / values["population.adult_share"] / 1000 * city.officers_per_1000_inhabitants + 0.5));
  const residents = Math.max(1, Math.floor(city.adults * city.offenders_share + 0.5));
  let { width, height } = city;
  if (!width || !height) {
    width = Math.max(3, Math.floor(Math.sqrt(city.adults / city.adults_per_cell) + 0.5));
    height = Math.max(3, Math.ceil(city.adults / (city.adults_per_cell * width)));
  }
  const squads = Math.ceil(officers / values["conduct.squad_size"]), cells = width * height;
  return {
    citizens: city.adults, officers, squads, offenders: residents + officers, residents, cells, cells_and_one: cells + 1, width, height,
    encounters: officers * 32, ticks,
  };
}

/** The seed of a replicate of a root seed, as `confianza run` has it: NumPy's SeedSequence (sim/world/rng.py). */
function replicateSeed(root, replicate) {
  const entropy = [0, 0, 0, 0, replicate], pool = [], seed = BigInt(root);
  entropy[0] = Number(seed & 0xffffffffn);
  entropy[1] = Number(seed >> 32n);
  const hasher = (start, by) => (value) => {
    value ^= start;
    start = Math.imul(start, by);
    value = Math.imul(value, start);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const mix = (to, value) => {
    const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(value));
    pool[to] = (mixed ^ (mixed >>> 16)) >>> 0;
  };
  for (let n = 0; n < 4; n++) pool.push(hash(entropy[n]));
  for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) mix(to, pool[from]);
  for (let to = 0; to < 4; to++) mix(to, entropy[4]);
  const [low, high] = pool.map(hasher(0x8b51f9dd, 0x58f38ded));
  return (BigInt(low) | BigInt(high) << 32n) >> 1n;
}

/** The module's memory: what is asked for lies one after the other, on 16 bytes. */
class Memory {
  constructor(exports) {
    this.exports = exports;
    this.free = exports.__heap_base.value;
  }

  take(bytes) {
    const at = Math.ceil(this.free / 16) * 16, buffer = this.exports.memory.buffer;
    this.free = at + bytes;
    if (this.free > buffer.byteLength) this.exports.memory.grow(Math.ceil((this.free - buffer.byteLength) / 65536));
    return at;
  }

  /** A column in memory; made anew at each look, because memory that grows moves. */
  view(column) {
    return new VIEWS[column.type](this.exports.memory.buffer, column.at, column.length);
  }
}

class City {
  /**
   * exports  of a new instance of the module
   * layout   of the city as the module takes it: [name, type, [length or name of one, ...]] for a column, [name, name of a size] for a number
   * asked    {city, ticks, people, stated}
   * values   parameters by name, in the order of the codebook
   */
  constructor(exports, layout, asked, values) {
    this.exports = exports;
    this.memory = new Memory(exports);
    this.sizes = sizesOf(asked.city, values, asked.ticks);
    this.columns = {};
    this.words = [];
    this.places = {}; // of words, by the table they begin
    for (const [name, type, dims] of layout) this.lay(name, type, dims);
    this.block = this.memory.take(8 * (this.words.length + Object.keys(values).length + 64));
    new Uint8Array(exports.memory.buffer, exports.__heap_base.value, this.memory.free - exports.__heap_base.value).fill(0);
    for (const table of ["officers", "squads", "offenders", "cells"]) this.column(`rows.${table}`).forEach((_, n, all) => { all[n] = n; });
    this.column("docket.page")[1] = -1n;
    for (const name of ["opportunity", "exposure", "trust"]) {
      const column = this.column(`cells.stated_${name}`), stated = (asked.stated || {})[name];
      column.forEach((_, c) => { column[c] = stated && stated[c] !== null ? stated[c] : NOT_STATED; });
    }
    this.set(values);
    this.seed = BigInt(asked.people);
    this.call("populate", [...this.words, ...this.parameters, ...this.clock(0)]);
    const homes = this.column("offenders.home");
    homes.subarray(0, this.sizes.residents).sort();
    this.column("offenders.cell").set(homes);
    this.seed = BigInt(asked.seed);
    this.tick = 0;
  }

  lay(name, type, dims) {
    const table = name.split(".")[0];
    if (!(table in this.places)) this.places[table] = this.words.length;
    if (dims === undefined) {
      this.words.push(["i8", this.sizes[type]]);
      return;
    }
    const shape = dims.map((length) => (typeof length === "string" ? this.sizes[length] : length));
    const length = shape.reduce((all, one) => all * one, 1);
    const at = this.memory.take(length * VIEWS[type].BYTES_PER_ELEMENT);
    this.columns[name] = { at, type, length, shape };
    this.words.push(["i8", at], ...shape.map((each) => ["i8", each]));
  }

  column(name) { return this.memory.view(this.columns[name]); }

  /** These parameters are in force from now on. */
  set(values) {
    this.values = values;
    this.parameters = Object.values(values).map((value) => ["f8", value]);
  }

  clock(tick) { return [["u8", this.seed], ["i8", tick]]; }

  /** A column of one's own, for an entry that fills it; `words` names it. */
  spare(type, ...shape) {
    const length = shape.reduce((all, one) => all * one, 1);
    const at = this.memory.take(length * VIEWS[type].BYTES_PER_ELEMENT);
    return { at, type, length, words: [["i8", at], ...shape.map((each) => ["i8", each])] };
  }

  /** The words of some tables, from the first to before another. */
  tables(first, next) { return this.words.slice(this.places[first], this.places[next]); }

  call(entry, words) {
    const view = new DataView(this.exports.memory.buffer);
    words.forEach(([type, value], n) => {
      const at = this.block + 8 * n;
      if (type === "f8") view.setFloat64(at, value, true);
      else if (type === "u8") view.setBigUint64(at, value, true);
      else view.setBigInt64(at, BigInt(value), true);
    });
    this.exports[entry](this.block);
  }

  advance(weeks) {
    this.call("advance", [["i8", weeks], ...this.words, ...this.parameters, ...this.clock(this.tick)]);
    this.tick += weeks;
  }

  /** Everybody's trust now: fairness and effectiveness. */
  trust() {
    this.filled = this.filled || [this.spare("f8", this.sizes.citizens), this.spare("f8", this.sizes.citizens)];
    this.call("fill_in", [...this.filled[0].words, ...this.filled[1].words, ...this.words]);
    return this.filled.map((column) => this.memory.view(column));
  }

  /** What the whole city would answer at the end of the week that has passed: how many gave each of the four answers. */
  survey() {
    if (!this.asked) {
      const people = this.sizes.citizens, f8 = () => this.spare("f8", BATCH);
      this.asked = {
        rows: this.spare("u4", people), trust: this.spare("i1", people), scale: this.spare("f8", people), unsafe: this.spare("i1", people),
        byCell: this.spare("i8", this.sizes.cells, 4), room: [f8(), f8(), f8(), f8(), f8(), f8(), f8(), f8()],
      };
      this.memory.view(this.asked.rows).forEach((_, n, all) => { all[n] = n; });
    }
    const { rows, trust, scale, unsafe, byCell, room } = this.asked, names = Object.keys(this.values);
    this.memory.view(byCell).fill(0n);
    const topic = (wanted) => this.parameters.filter((_, n) => names[n].startsWith(`${wanted}.`));
    this.call("ask", [
      ...[rows, trust, scale, unsafe, byCell, ...room].flatMap((column) => column.words), ...this.tables("citizens", "officers"),
      ...this.tables("cells", "crimes"), ...topic("trust"), ...topic("survey"), ...this.clock(this.tick - 1),
    ]);
    const counts = [0, 0, 0, 0];
    this.memory.view(byCell).forEach((count, n) => { counts[n % 4] += Number(count); });
    return counts;
  }

  /** All that a week may change, to go on from here again. */
  kept() {
    const from = this.exports.__heap_base.value;
    return { memory: new Uint8Array(this.exports.memory.buffer, from, this.block - from).slice(), tick: this.tick, values: this.values };
  }

  backTo({ memory, tick, values }) {
    new Uint8Array(this.exports.memory.buffer, this.exports.__heap_base.value, memory.length).set(memory);
    this.tick = tick;
    this.set(values);
  }
}
