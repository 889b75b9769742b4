// The browser of utterances: ranked by what each contributes to the difference between two systems, filtered, virtual.
const ROW = 48, KINDS = ["substitutions", "deletions", "insertions"], SHOWN_AT_ONCE = 6;

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
    this.field("audio-note").textContent = data.audio_note || "";
    this.listen();
    this.update();
    this.open(location.hash);
  }

  listen() {
    let wait = 0;
    const later = () => { clearTimeout(wait); wait = setTimeout(() => this.update(), 150); };
    this.field("controls").addEventListener("input", later);
    this.field("controls").addEventListener("submit", (event) => event.preventDefault());
    this.list.addEventListener("scroll", () => this.draw());
    this.list.addEventListener("click", (event) => { const row = event.target.closest(".row"); if (!row) return; this.choose(Number(row.dataset.at), true, true); this.reveal(); });
    this.list.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => this.anywhere(event));
    addEventListener("resize", () => this.draw());
    addEventListener("hashchange", () => this.open(location.hash));
    this.field("csv").addEventListener("click", () => this.save());
    this.field("tables").addEventListener("toggle", () => this.drawTables());
    for (const [id, kind, by] of [["previous", ".error", -1], ["next", ".error", 1], ["next-written", ".written", 1]]) this.field(id).addEventListener("click", () => this.jump(kind, by));
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

  // What each benchmark weighs in the average: the same, or what the suite's groups say.
  weights(every) {
    const benchmarks = every.filter((one) => !one.plain);
    const groups = (this.data.groups || []).map((members) => benchmarks.filter((one) => members.includes(one.name))).filter((here) => here.length);
    if (!groups.length) return every.map((one) => (one.plain ? 0 : 1 / benchmarks.length));
    return every.map((one) => groups.reduce((sum, here) => sum + (here.includes(one) ? 1 / here.length / groups.length : 0), 0));
  }

  // Every utterance that both systems have, with what it contributes to the difference of their WERs: errors over all words
  // of the one minus the same of the other, times the weight of the benchmark. Summed, with what the page does not hold,
  // they are the difference.
  contributions(a, b) {
    const benchmarks = this.chosenBenchmarks(a, b), weights = this.weights(benchmarks), items = [], totals = { a: 0, b: 0 };
    this.whole = true;
    benchmarks.forEach((one, at) => {
      const A = one.systems[a], B = b === "" ? null : one.systems[b], indices = [];
      let wordsA = A.words_left_out || 0, wordsB = (B && B.words_left_out) || 0;
      for (let i = 0; i < one.ids.length; i += 1) {
        if (A.there[i] !== "1" || (B && B.there[i] !== "1")) { if (A.there[i] === "1" || (B && B.there[i] === "1")) this.whole = false; continue; }
        indices.push(i);
        wordsA += A.words[i];
        if (B) wordsB += B.words[i];
      }
      totals.a += wordsA ? ((A.errors_left_out || 0) / wordsA) * weights[at] : 0;
      totals.b += wordsB ? ((B.errors_left_out || 0) / wordsB) * weights[at] : 0;
      for (const i of indices) {
        const errorsA = errorsOf(A, i), errorsB = B ? errorsOf(B, i) : 0;
        const partA = wordsA ? (scoredErrors(A, i) / wordsA) * weights[at] : 0, partB = wordsB ? (scoredErrors(B, i) / wordsB) * weights[at] : 0;
        totals.a += partA; totals.b += partB;
        items.push({ one, i, errorsA, errorsB, part: partA - partB, unscored: isUnscored(A, i) });
      }
    });
    return { items, totals };
  }

  // The averages of the table, where all that they are over is looked at; else the totals.
  averages(a, b, totals) {
    const table = this.data.averages || [], every = this.data.benchmarks.filter((one) => one.systems[a] || (b !== "" && one.systems[b]));
    const same = this.field("benchmark").value === "" && this.whole && every.length === this.chosenBenchmarks(a, b).length && !this.mixed(every);
    const known = (k) => k === "" || (table[k] !== null && table[k] !== undefined);
    return same && known(a) && known(b) ? { a: table[a], b: b === "" ? 0 : table[b] } : totals;
  }

  // Whether some of the benchmarks are under a condition and some are not: the averages of the table are over the latter.
  mixed(benchmarks) { return benchmarks.some((one) => one.condition) && !benchmarks.every((one) => one.condition); }

  passes(item, a, b, want) {
    const { one, i } = item, A = one.systems[a], B = b === "" ? null : one.systems[b];
    if (want.session && one.sessions[i] !== want.session) return false;
    const seconds = one.seconds[i];
    if (want.from !== "" && !(seconds >= Number(want.from))) return false;
    if (want.to !== "" && !(seconds !== null && seconds <= Number(want.to))) return false;
    if (want.kind === "changed" && (!B || (one.plain ? A.hypotheses[i] === B.hypotheses[i] : KINDS.every((kind) => A[kind][i] === B[kind][i])))) return false;
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
    const more = (x, y) => (y.errorsA - y.errorsB) - (x.errorsA - x.errorsB);  // of what no rate counts
    const by = { worse: (x, y) => y.part - x.part || more(x, y), better: (x, y) => x.part - y.part || more(y, x), errors: (x, y) => y.errorsA - x.errorsA, longest: (x, y) => (y.one.seconds[y.i] || 0) - (x.one.seconds[x.i] || 0) }[order];
    if (by) this.found.sort(by);
    this.difference = totals.a - totals.b;
    this.summarize(items, this.averages(a, b, totals), b);
    const sessions = [...new Set(items.map((item) => item.one.sessions[item.i]).filter((name) => name !== null))].slice(0, 2000);
    this.field("sessions").replaceChildren(...sessions.map((name) => { const option = document.createElement("option"); option.value = name; return option; }));
    this.field("csv").textContent = `CSV of the ${this.found.length.toLocaleString("en")} listed`;
    this.space.style.height = `${this.found.length * ROW}px`;
    this.list.scrollTop = 0;
    this.chosen = -1;
    this.draw();
    this.drawTables();
    if (this.found.length) this.choose(0, false); else this.detail.replaceChildren();
  }

  summarize(every, averages, b) {
    const items = every.filter((item) => !item.one.plain), plain = every.length - items.length, shownPlain = this.found.filter((item) => item.one.plain).length;
    const without = plain ? `${amount(plain, "utterance")} without an error rate, ${shownPlain.toLocaleString("en")} of them listed: translations, or speakers without words, shown as they are.` : "";
    if (plain && !items.length) { this.field("summary").textContent = without; return; }
    const points = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(100 * value).toFixed(3)}`;
    const listed = this.found.length - shownPlain, shown = this.found.reduce((sum, item) => sum + item.part, 0);
    const characters = items.filter((item) => item.one.characters).length;
    const rate = !characters ? "WER" : characters === items.length ? "CER" : "Mean of WER and CER";
    const leftOut = [...new Set(items.map((item) => item.one))].reduce((sum, one) => sum + (one.left_out || 0), 0);
    const held = leftOut ? `, of which the page holds ${items.length.toLocaleString("en")}` : "";
    const silent = items.filter((item) => item.unscored), made = (side) => silent.reduce((sum, item) => sum + item[side], 0);
    const inserted = `${made("errorsA").toLocaleString("en")}${b === "" ? "" : ` and ${made("errorsB").toLocaleString("en")}`} inserted`;
    const under = this.mixed([...new Set(items.map((item) => item.one))]) ? " That is the mean over the conditions too; the table's average is over the clean benchmarks." : "";
    const said = under + (silent.length ? ` In ${silent.length.toLocaleString("en")} of them nothing is said: no rate counts them, ${inserted}.` : "");
    if (items.length && silent.length === items.length) {
      this.field("summary").textContent = `No ${rate}: nothing is said in ${amount(items.length, "utterance")}; ${inserted}.`;
      return;
    }
    this.field("summary").textContent = items.length
      ? `${rate} ${(100 * averages.a).toFixed(2)}` + (b === "" ? "" : ` − ${(100 * averages.b).toFixed(2)} = ${points(this.difference)} points`) +
        ` over ${amount(items.length + leftOut, "utterance")}${held}; the ${listed.toLocaleString("en")} listed make up ${points(shown)}.${said}${without && ` ${without}`}`
      : "These two systems have no benchmark in common.";
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
    const errors = amount(errorsA, "error") + (this.field("system-b").value === "" ? "" : `, ${moreText(errorsA - errorsB)}`);
    if (one.plain) facts.append(...[one.seconds[i] !== null && `${one.seconds[i]} s`, one.ids[i]].filter(Boolean).map((text) => element("span", "", text)));
    else facts.append(element("b", "", `${part >= 0 ? "+" : "−"}${Math.abs(100 * part).toFixed(3)}`), element("span", "", errors), element("span", "", one.seconds[i] === null ? "" : `${one.seconds[i]} s`), element("span", "", one.ids[i]));
    row.append(facts, element("div", "text", one.references[i].slice(0, 300)));
    return row;
  }

  choose(at, scroll = true, address = false) {
    if (!this.found.length) return;
    this.chosen = Math.max(0, Math.min(this.found.length - 1, at));
    const top = this.chosen * ROW;
    if (scroll && top < this.list.scrollTop) this.list.scrollTop = top;
    if (scroll && top + ROW > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + ROW - this.list.clientHeight;
    this.draw();
    this.list.setAttribute("aria-activedescendant", `row-${this.chosen}`);
    this.show(this.found[this.chosen]);
    if (address) history.replaceState(null, "", this.link(this.found[this.chosen]));
  }

  // Where the texts are below the list, as on a phone: brings them into view, with the end of the list above them.
  reveal() {
    const top = this.detail.getBoundingClientRect().top;
    if (top >= this.list.getBoundingClientRect().bottom && top > 0.4 * innerHeight) scrollBy(0, top - 0.3 * innerHeight);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / ROW) - 1);
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); this.choose(this.chosen + moves[event.key], true, true); }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const player = this.detail.querySelector("audio"), button = this.detail.querySelector("button.play");
      if (button) button.click();
      else if (player) { if (player.paused) player.play().catch(() => {}); else player.pause(); }
    }
  }

  anywhere(event) {
    if (event.key === "Escape") this.leave(event.target);
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); this.field("search").focus(); }
    const jumps = { n: [".error", 1], p: [".error", -1], w: [".written", 1], W: [".written", -1] };
    if (event.key in jumps) { event.preventDefault(); this.jump(...jumps[event.key]); }
  }

  // Escape: from a field of the controls back to the list, with nothing searched for; else the sound stops and the place that was jumped to is left.
  leave(from) {
    if (this.field("controls").contains(from)) {
      if (from.type === "search" && from.value) { from.value = ""; this.update(); }
      this.list.focus();
      return;
    }
    const player = this.detail.querySelector("audio"), here = this.detail.querySelector(".here");
    if (player) player.pause();
    if (here) here.classList.remove("here");
    this.field("jumped").textContent = "";
  }

  // Goes to the next place of a kind in the texts that are shown, and on from the last to the first.
  jump(kind, by) {
    const places = [...this.detail.querySelectorAll(kind)], here = this.detail.querySelector(".here");
    const was = places.indexOf(here), status = this.field("jumped"), what = kind === ".error" ? "error" : "difference in writing";
    if (here) here.classList.remove("here");
    if (!places.length) { status.textContent = `no ${what}`; return; }
    const at = was < 0 ? (by > 0 ? 0 : places.length - 1) : (was + by + places.length) % places.length;
    places[at].classList.add("here");
    places[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    status.textContent = `${what} ${at + 1} of ${places.length}`;
  }

  link({ one, i }) {
    const a = this.field("system-a").value, b = this.field("system-b").value;
    return linkTo(one, i, this.data.models[a].model, b === "" ? undefined : this.data.models[b].model);
  }

  // Shows the utterance that an address names.
  open(hash) {
    const wanted = readLink(hash);
    if (!wanted) return;
    const one = this.data.benchmarks.findIndex((each) => each.name === wanted.benchmark);
    const systems = wanted.pair.map((name) => this.data.models.findIndex((each) => each.model === name));
    let number = wanted.number;
    const place = one < 0 ? -1 : this.data.benchmarks[one].ids.findIndex((id) => id === wanted.id && (number -= 1) === 0);
    if (place < 0 || systems.includes(-1)) {
      this.field("summary").textContent = `The address names ${systems.includes(-1) ? "a system that is" : `${wanted.id} of ${wanted.benchmark}, which is`} not on this page.`;
      return;
    }
    this.field("controls").reset();
    this.field("benchmark").value = String(one);
    if (systems.length) [this.field("system-a").value, this.field("system-b").value] = [String(systems[0]), systems.length > 1 ? String(systems[1]) : ""];
    this.update();
    const at = this.found.findIndex((item) => item.i === place);
    if (at >= 0) this.choose(at); else this.field("summary").textContent = `Not both systems have ${wanted.id} of ${wanted.benchmark}.`;
    this.field("utterances").scrollIntoView();
  }

  drawTables() {
    const box = this.field("tables-here");
    if (!this.field("tables").open) { box.replaceChildren(); return; }
    box.replaceChildren(...selectionTables(this.found, this.data.models, this.field("system-a").value, this.field("system-b").value));
  }

  save() {
    const text = csvOf(this.found, this.data.models, this.field("system-a").value, this.field("system-b").value);
    const link = element("a"), address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.href = address; link.download = "utterances.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  show(item) {
    const { one, i } = item, parts = [element("h3", "", one.ids[i])], facts = element("p", "note"), link = element("a", "", "link");
    link.href = this.link(item);
    link.title = "address of this utterance under these two systems";
    facts.append([one.name, one.sessions[i] && `session ${one.sessions[i]}`, one.seconds[i] !== null && `${one.seconds[i]} s`].filter(Boolean).join(" · "), " · ", link);
    parts.push(facts, ...this.sound(one, i));
    const scored = one.normalized && one.normalized.length && one.normalized[i] !== 0 ? one.normalized[i] : one.references[i];
    if (one.plain) parts.push(element("h4", "", "Reference"), element("p", "raw", one.references[i]));
    else parts.push(element("h4", "", "Reference"), sides(element("p", "", one.references[i]), element("p", "", scored), scored === one.references[i]));
    const chosen = [this.field("system-a").value, this.field("system-b").value];
    const every = Object.keys(one.systems).filter((k) => one.systems[k].there[i] === "1");
    const first = every.length <= SHOWN_AT_ONCE ? every : chosen.filter((k) => every.includes(k));
    const others = every.filter((k) => !first.includes(k));
    parts.push(...first.flatMap((k) => this.transcript(one, k, i)));
    if (others.length) {
      const more = element("details"), inside = element("div");
      more.append(element("summary", "", amount(others.length, "other system")), inside);
      more.addEventListener("toggle", () => { if (more.open && !inside.childNodes.length) inside.append(...others.flatMap((k) => this.transcript(one, k, i))); });
      parts.push(more);
    }
    this.detail.replaceChildren(...parts);
    this.detail.scrollTop = 0;
    this.field("jumped").textContent = "";
  }

  // The player of an utterance, or why it has none. What is not in the page is asked for when somebody wants to hear it.
  sound(one, i) {
    const address = one.audio[i];
    if (!address) {
      const why = one.silences && one.silent ? one.silences[one.silent[i]] : undefined;
      return why ? [element("p", "note", `No audio: ${why}.`)] : [];
    }
    const player = element("audio");
    player.controls = true;
    player.addEventListener("error", () => player.replaceWith(element("p", "note", `No audio: ${address.startsWith("data:") ? "this browser does not play it" : `${decodeURIComponent(address.replace(/^file:\/\//, ""))} is not there, or this browser does not play it; report --audio embed puts it into the page`}.`)));
    if (address.startsWith("data:")) { player.preload = "metadata"; player.src = address; return [player]; }
    const button = element("button", "play", "▶ play");
    button.type = "button";
    button.title = decodeURIComponent(address);
    button.addEventListener("click", () => { button.replaceWith(player); player.src = address; player.play().catch(() => {}); });
    return [button];
  }

  plainTranscript(system, name, i) {
    const text = system.hypotheses[i];
    return [element("h4", "", name), text === null ? element("p", "note", `failed: ${(system.failed || {})[i] || "no transcript"}`) : element("p", "raw", text)];
  }

  transcript(one, k, i) {
    if (one.plain) return this.plainTranscript(one.systems[k], this.data.models[k].model, i);
    const system = one.systems[k], errors = errorsOf(system, i), unit = one.characters ? "character" : "word";
    const kinds = KINDS.filter((kind) => system[kind][i]).map((kind) => `${system[kind][i]} ${{ substitutions: "substituted", deletions: "deleted", insertions: "inserted" }[kind]}`);
    const head = element("h4", "", `${this.data.models[k].model}: ${amount(errors, "error")} in ${amount(system.words[i], unit)}${kinds.length ? ` (${kinds.join(", ")})` : ""}`);
    if (system.hypotheses[i] === null) return [head, element("p", "note", `failed: ${(system.failed || {})[i] || "no transcript"}`)];
    return [head, sides(writtenLine(one, system, i), alignedLine(one, system, i), textsOf(one, system, i).scored === system.hypotheses[i])];
  }
}

function errorsOf(system, i) { return KINDS.reduce((sum, kind) => sum + system[kind][i], 0); }

// Whether no rate counts an utterance, as its reference comes to nothing.
function isUnscored(system, i) { return (system.unscored || "")[i] === "1"; }

function scoredErrors(system, i) { return isUnscored(system, i) ? 0 : errorsOf(system, i); }

function moreText(more) { return more === 0 ? "as many" : `${Math.abs(more).toLocaleString("en")} ${more > 0 ? "more" : "fewer"}`; }

function element(name, kind = "", text = undefined) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}
