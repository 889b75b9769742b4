// The browser of utterances: ranked by what each contributes to the difference between two systems, filtered, virtual.
const ROW = 48, KINDS = ["substitutions", "deletions", "insertions"];

class Browser {
  constructor(data) {
    this.data = data;
    this.found = [];
    this.chosen = -1;
    this.list = document.getElementById("list");
    this.space = document.getElementById("space");
    this.detail = document.getElementById("detail");
    this.fill("benchmark", [["", "all"], ...data.benchmarks.map((b, k) => [String(k), b.name])]);
    this.fill("system-a", data.models.map((m, k) => [String(k), m.model]));
    this.fill("system-b", [["", "nothing"], ...data.models.map((m, k) => [String(k), m.model])]);
    [this.field("system-a").value, this.field("system-b").value] = this.firstPair();
    let wait = 0;
    const later = () => { clearTimeout(wait); wait = setTimeout(() => this.update(), 150); };
    document.getElementById("controls").addEventListener("input", later);
    document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
    this.list.addEventListener("scroll", () => this.draw());
    this.list.addEventListener("click", (event) => { const row = event.target.closest(".row"); if (row) this.choose(Number(row.dataset.at)); });
    this.list.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); this.field("search").focus(); }
    });
    addEventListener("resize", () => this.draw());
    this.update();
  }

  // The two systems that have the most utterances in common, to begin with.
  firstPair() {
    let best = ["0", ""], most = 0;
    this.data.models.forEach((_, a) => this.data.models.forEach((__, b) => {
      if (a >= b) return;
      const common = this.data.benchmarks.reduce((sum, one) => sum + (one.systems[a] && one.systems[b] ? one.ids.length : 0), 0);
      if (common > most) { most = common; best = [String(b), String(a)]; }
    }));
    return best;
  }

  field(id) { return document.getElementById(id); }

  fill(id, options) {
    this.field(id).replaceChildren(...options.map(([value, text]) => { const option = document.createElement("option"); option.value = value; option.textContent = text; return option; }));
  }

  // The benchmarks to look at: the chosen one, or all that both systems have.
  chosenBenchmarks(a, b) {
    const wanted = this.field("benchmark").value;
    const all = wanted === "" ? this.data.benchmarks : [this.data.benchmarks[Number(wanted)]];
    return all.filter((one) => one.systems[a] && (b === "" || one.systems[b]));
  }

  // Every utterance that both systems have, with what it contributes to the difference of their WERs: errors over all words
  // of the one minus the same of the other, over the number of benchmarks. Summed, they are the difference.
  contributions(a, b) {
    const benchmarks = this.chosenBenchmarks(a, b), items = [], totals = { a: 0, b: 0 };
    for (const one of benchmarks) {
      const A = one.systems[a], B = b === "" ? null : one.systems[b], indices = [];
      let wordsA = 0, wordsB = 0;
      for (let i = 0; i < one.ids.length; i += 1) {
        if (A.there[i] !== "1" || (B && B.there[i] !== "1")) continue;
        indices.push(i);
        wordsA += A.words[i];
        if (B) wordsB += B.words[i];
      }
      for (const i of indices) {
        const errorsA = errorsOf(A, i), errorsB = B ? errorsOf(B, i) : 0;
        const partA = wordsA ? errorsA / wordsA / benchmarks.length : 0, partB = wordsB ? errorsB / wordsB / benchmarks.length : 0;
        totals.a += partA; totals.b += partB;
        items.push({ one, i, errorsA, errorsB, part: partA - partB });
      }
    }
    return { items, totals };
  }

  passes(item, a, b, want) {
    const { one, i } = item, A = one.systems[a], B = b === "" ? null : one.systems[b];
    if (want.session && one.sessions[i] !== want.session) return false;
    const seconds = one.seconds[i];
    if (want.from !== "" && !(seconds >= Number(want.from))) return false;
    if (want.to !== "" && !(seconds !== null && seconds <= Number(want.to))) return false;
    if (want.kind === "changed" && (!B || (KINDS.every((kind) => A[kind][i] === B[kind][i])))) return false;
    if (want.kind === "any" && !item.errorsA) return false;
    if (KINDS.includes(want.kind) && !A[want.kind][i]) return false;
    if (want.kind === "failed" && A.hypotheses[i] !== null) return false;
    if (!want.search) return true;
    const texts = [one.ids[i], one.references[i], ...Object.values(one.systems).map((system) => system.hypotheses[i] || "")];
    return texts.some((text) => text.toLowerCase().includes(want.search));
  }

  update() {
    const a = this.field("system-a").value, b = this.field("system-b").value, order = this.field("order").value;
    const want = { session: this.field("session").value.trim(), from: this.field("shortest").value, to: this.field("longest").value, kind: this.field("kind").value, search: this.field("search").value.trim().toLowerCase() };
    const { items, totals } = this.contributions(a, b);
    this.all = items;
    this.found = items.filter((item) => this.passes(item, a, b, want));
    const by = { worse: (x, y) => y.part - x.part, better: (x, y) => x.part - y.part, errors: (x, y) => y.errorsA - x.errorsA, longest: (x, y) => (y.one.seconds[y.i] || 0) - (x.one.seconds[x.i] || 0) }[order];
    if (by) this.found.sort(by);
    const points = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(100 * value).toFixed(3)}`;
    const shown = this.found.reduce((sum, item) => sum + item.part, 0);
    this.difference = totals.a - totals.b;
    const rate = items.length && items.every((item) => item.one.characters) ? "CER" : "WER";
    this.field("summary").textContent = items.length
      ? `${rate} ${(100 * totals.a).toFixed(2)}` + (b === "" ? "" : ` − ${(100 * totals.b).toFixed(2)} = ${points(this.difference)} points`) +
        ` over ${items.length.toLocaleString("en")} utterances; the ${this.found.length.toLocaleString("en")} listed make up ${points(shown)}.`
      : "These two systems have no benchmark in common.";
    const sessions = [...new Set(items.map((item) => item.one.sessions[item.i]).filter((name) => name !== null))].slice(0, 2000);
    this.field("sessions").replaceChildren(...sessions.map((name) => { const option = document.createElement("option"); option.value = name; return option; }));
    this.space.style.height = `${this.found.length * ROW}px`;
    this.list.scrollTop = 0;
    this.chosen = -1;
    this.draw();
    if (this.found.length) this.choose(0, false); else this.detail.replaceChildren();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW) - 5), last = Math.min(this.found.length, first + Math.ceil(this.list.clientHeight / ROW) + 10);
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(this.row(at));
    this.space.replaceChildren(...rows);
  }

  row(at) {
    const { one, i, errorsA, errorsB, part } = this.found[at];
    const row = element("div", "row"), facts = element("div", "facts");
    row.id = `row-${at}`; row.dataset.at = at; row.style.top = `${at * ROW}px`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(at === this.chosen));
    const errors = this.field("system-b").value === "" ? `${errorsA} errors` : `${errorsA} against ${errorsB} errors`;
    facts.append(element("b", "", `${part >= 0 ? "+" : "−"}${Math.abs(100 * part).toFixed(3)}`), element("span", "", errors), element("span", "", one.seconds[i] === null ? "" : `${one.seconds[i]} s`), element("span", "", one.ids[i]));
    row.append(facts, element("div", "text", one.references[i].slice(0, 300)));
    return row;
  }

  choose(at, scroll = true) {
    if (!this.found.length) return;
    this.chosen = Math.max(0, Math.min(this.found.length - 1, at));
    const top = this.chosen * ROW;
    if (scroll && top < this.list.scrollTop) this.list.scrollTop = top;
    if (scroll && top + ROW > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + ROW - this.list.clientHeight;
    this.draw();
    this.list.setAttribute("aria-activedescendant", `row-${this.chosen}`);
    this.show(this.found[this.chosen]);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / ROW) - 1);
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); this.choose(this.chosen + moves[event.key]); }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const player = this.detail.querySelector("audio");
      if (player) { if (player.paused) player.play().catch(() => {}); else player.pause(); }
    }
  }

  show({ one, i }) {
    const parts = [element("h3", "", one.ids[i])];
    const facts = [one.name, one.sessions[i] && `session ${one.sessions[i]}`, one.seconds[i] !== null && `${one.seconds[i]} s`];
    parts.push(element("p", "note", facts.filter(Boolean).join(" · ")));
    if (one.audio[i]) { const player = element("audio"); player.controls = true; player.preload = one.audio[i].startsWith("data:") ? "metadata" : "none"; player.src = one.audio[i]; parts.push(player); }
    parts.push(element("h4", "", "Reference"), element("p", "", one.references[i]));
    for (const [k, system] of Object.entries(one.systems)) {
      if (system.there[i] !== "1") continue;
      const errors = errorsOf(system, i);
      parts.push(element("h4", "", `${this.data.models[k].model}: ${errors} of ${system.words[i]}`), system.hypotheses[i] === null ? element("p", "note", `failed: ${(system.failed || {})[i] || "no transcript"}`) : this.aligned(one, system, i, errors));
    }
    this.detail.replaceChildren(...parts);
    this.detail.scrollTop = 0;
  }

  // The transcript with its errors as the scorer aligned them: right words, words that are missing, words in their place.
  aligned(one, system, i, errors) {
    const line = element("p", "aligned"), gap = one.characters ? "" : " ";
    if (!errors) { line.textContent = system.hypotheses[i]; return line; }
    const text = system.normalized[i] === 0 ? system.hypotheses[i] : system.normalized[i], steps = system.steps[i];
    const words = one.characters ? [...text] : text.split(" ").filter(Boolean);
    let at = 0;
    const take = (count) => words.slice(at, (at += count)).join(gap);
    for (let k = 0; k < steps.length; k += 3) {
      const [right, missing, written] = steps.slice(k, k + 3);
      if (right) line.append(take(right) + gap);
      if (missing) line.append(element("del", "", missing), gap);
      if (written) line.append(element("ins", "", take(written)), gap);
    }
    line.append(take(words.length - at));
    return line;
  }
}

function errorsOf(system, i) { return KINDS.reduce((sum, kind) => sum + system[kind][i], 0); }

function element(name, kind = "", text = undefined) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}
