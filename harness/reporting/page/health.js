// The findings, section by section; all text from outside goes through textContent.
const SEVERITIES = ["high", "medium", "low", "info"];
const SHOWN = 20; // cards of a kind before "show all"

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

async function unpack() {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

class Page {
  constructor(data) {
    this.data = data;
    this.kinds = new Map(data.kinds.map((kind) => [kind.kind, kind]));
    this.whole = new Set(); // kinds of which all cards are shown
    this.controls = Object.fromEntries(["severity", "kind", "benchmark", "search"].map((id) => [id, document.getElementById(id)]));
    for (const kind of data.kinds) this.controls.kind.append(element("option", { value: kind.kind }, `${kind.title} (${kind.count})`));
    for (const name of data.benchmarks) this.controls.benchmark.append(element("option", { value: name }, name));
    this.controls.benchmark.parentElement.hidden = data.benchmarks.length < 2;
    for (const control of Object.values(this.controls)) control.addEventListener("input", () => this.show());
    document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/INPUT|SELECT/.test(event.target.tagName)) { event.preventDefault(); this.controls.search.focus(); }
    });
    // A waveform is drawn, and a player loaded, when it comes into sight.
    this.watch = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) { this.watch.unobserve(entry.target); entry.target.fill(); }
    }, { rootMargin: "300px" });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show());
    this.linkOverview();
    this.show();
  }

  linkOverview() {
    for (const cell of document.querySelectorAll("#overview tbody th")) {
      const kind = this.data.kinds.find((one) => one.title === cell.textContent);
      if (!kind) continue;
      const choose = () => { this.controls.kind.value = kind.kind; this.controls.severity.value = "info"; this.show(); document.getElementById("findings").scrollIntoView(); };
      cell.replaceChildren(element("button", { type: "button", onclick: choose }, kind.title));
    }
    for (const cell of document.querySelectorAll("#overview tbody th button")) cell.className = "more";
  }

  wanted(finding) {
    const { severity, kind, benchmark, search } = this.controls;
    const worst = SEVERITIES.indexOf(severity.value || "low");
    if (SEVERITIES.indexOf(finding.severity) > worst) return false;
    if (kind.value && finding.kind !== kind.value) return false;
    if (benchmark.value && finding.benchmark !== benchmark.value) return false;
    const sought = search.value.trim().toLowerCase();
    if (!sought) return true;
    const row = this.row(finding) || {};
    return [finding.utterance, finding.message, row.reference, row.session, row.language, ...finding.others].some((text) => text && text.toLowerCase().includes(sought));
  }

  row(finding) { return this.data.rows[`${finding.benchmark}\n${finding.utterance}`]; }

  show() {
    const found = this.data.findings.filter((one) => this.wanted(one));
    const ids = new Set(found.filter((one) => one.utterance !== null).map((one) => `${one.benchmark}\n${one.utterance}`));
    document.getElementById("summary").textContent =
      `${found.length.toLocaleString("en")} of ${amount(this.data.findings.length, "finding")}, in ${amount(ids.size, "utterance")}`;
    const sections = [];
    for (const kind of this.data.kinds) {
      const mine = found.filter((one) => one.kind === kind.kind);
      if (mine.length) sections.push(this.section(kind, mine));
    }
    if (!sections.length) sections.push(element("p", { class: "note" }, this.data.findings.length ? "Nothing that fits the filters." : "Nothing was found."));
    document.getElementById("sections").replaceChildren(...sections);
  }

  section(kind, found) {
    const made = element("section", { class: "kind", id: `kind-${kind.kind}` });
    made.append(element("h3", {}, kind.title, element("span", { class: "count" }, `${found.length.toLocaleString("en")} · ${kind.kind}`)));
    made.append(element("p", {}, `${kind.meaning} ${kind.advice}`));
    const all = this.whole.has(kind.kind) || found.length <= SHOWN + 3;
    made.append(...(all ? found : found.slice(0, SHOWN)).map((one) => this.card(one)));
    if (!all) {
      const more = () => { this.whole.add(kind.kind); this.show(); };
      made.append(element("button", { type: "button", class: "more", onclick: more }, `show all ${found.length.toLocaleString("en")}`));
    }
    return made;
  }

  card(finding) {
    const row = finding.utterance === null ? undefined : this.row(finding);
    const made = element("article", { class: row ? "card" : "card set" });
    const facts = element("div", { class: "facts" }, element("span", { class: `chip ${finding.severity}` }, finding.severity));
    facts.append(element("b", {}, finding.utterance === null ? `the set ${finding.benchmark}` : finding.utterance));
    if (row) {
      for (const text of [row.seconds === null ? null : `${row.seconds.toFixed(2)} s`, row.language, row.session === null ? null : `session ${row.session}`]) if (text) facts.append(element("span", {}, text));
    }
    if (finding.where) facts.append(element("span", {}, finding.where));
    const text = element("div", {}, facts, element("p", {}, finding.message));
    if (row) text.append(this.reference(row.reference, finding.where));
    const measure = [finding.value === null ? null : `measured ${number(finding.value)}`, finding.threshold === null ? null : `limit ${number(finding.threshold)}`].filter(Boolean).join(", ");
    const unit = finding.unit ? ` ${finding.unit}` : "";
    text.append(element("p", { class: "also" }, `${measure ? `${measure}${unit}, ` : ""}confidence ${Math.round(100 * finding.confidence)} %`));
    if (finding.others.length) text.append(this.others(finding));
    if (row) { made.append(this.sound(row, finding)); }
    made.append(text);
    return made;
  }

  reference(text, where) {
    const quote = element("blockquote", { dir: "auto" });
    const match = /^characters? (\d+)(?: to (\d+))?$/.exec(where || "");
    if (!text.trim()) { quote.append(element("i", {}, "empty")); return quote; }
    if (!match) { quote.append(text); return quote; }
    const letters = [...text], from = Number(match[1]) - 1, to = Number(match[2] || match[1]);
    quote.append(letters.slice(0, from).join(""), element("mark", {}, letters.slice(from, to).join("")), letters.slice(to).join(""));
    return quote;
  }

  others(finding) {
    const line = element("p", { class: "also" }, finding.utterance === null ? "Such as " : "With ");
    finding.others.slice(0, 10).forEach((name, at) => {
      const look = () => { this.controls.search.value = name; this.controls.kind.value = ""; this.controls.severity.value = "info"; this.show(); };
      const known = this.data.rows[`${finding.benchmark}\n${name}`];
      line.append(at ? ", " : "", known ? element("button", { type: "button", onclick: look }, name) : name);
    });
    if (finding.others.length > 10) line.append(`, and ${finding.others.length - 10} more`);
    return line;
  }

  sound(row, finding) {
    const made = element("div", {});
    const canvas = element("canvas", { class: row.outline.length > 1 ? "two" : "", role: "img", "aria-label": row.outline.length ? "waveform" : "no waveform" });
    made.append(canvas);
    made.fill = () => {
      draw(canvas, row, finding.where);
      if (row.audio) made.append(element("audio", { controls: "", preload: "none", src: row.audio }));
      else made.append(element("p", { class: "none" }, row.seconds === null ? "cannot be decoded" : `not in this page: ${row.origin}`));
    };
    this.watch.observe(made);
    return made;
  }
}

function number(value) {
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3 });
}

function draw(canvas, row, where) {
  const scale = window.devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
  canvas.width = Math.max(1, canvas.clientWidth * scale);
  canvas.height = Math.max(1, canvas.clientHeight * scale);
  const ink = canvas.getContext("2d"), lanes = row.outline.length || 1, lane = canvas.height / lanes;
  const span = /^([\d.]+) to ([\d.]+) s$/.exec(where || "");
  if (span && row.seconds) {
    ink.fillStyle = style.getPropertyValue("--mark");
    const from = (canvas.width * Number(span[1])) / row.seconds;
    ink.fillRect(from, 0, Math.max(2 * scale, (canvas.width * Number(span[2])) / row.seconds - from), canvas.height);
  }
  row.outline.forEach((packed, at) => {
    const values = Int8Array.from(atob(packed), (c) => (c.charCodeAt(0) << 24) >> 24), columns = values.length / 2;
    const middle = lane * (at + 0.5), high = lane * 0.46, width = canvas.width / columns;
    ink.fillStyle = style.getPropertyValue("--line");
    ink.fillRect(0, middle, canvas.width, 1);
    ink.fillStyle = style.getPropertyValue("--wave");
    for (let column = 0; column < columns; column++) {
      const top = middle - (high * values[2 * column + 1]) / 127, bottom = middle - (high * values[2 * column]) / 127;
      ink.fillRect(column * width, top, Math.max(1, width * 0.8), Math.max(1, bottom - top));
    }
    if (lanes > 1) { ink.fillStyle = style.getPropertyValue("--soft"); ink.font = `${11 * scale}px system-ui`; ink.fillText(`channel ${at}`, 4 * scale, lane * at + 12 * scale); }
  });
}

unpack().then((data) => {
  window.health = new Page(data);
  document.body.dataset.ready = "yes";
}).catch((error) => {
  document.getElementById("summary").textContent = `This browser cannot unpack the page's data (${error}); any browser from 2023 on can.`;
});
