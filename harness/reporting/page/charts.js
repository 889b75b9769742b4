// The scatter of speed against accuracy and the bars of the clock's phases, as SVG made of elements: no text is ever markup.
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#777777"];
const PHASES = ["decode", "features", "transfer", "model", "text", "untracked"];

function svg(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function niceSteps(low, high, logarithmic) {
  const ticks = [];
  if (logarithmic) {
    for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade += 1) {
      for (const step of high / low < 1000 ? [1, 2, 5] : [1]) {
        const tick = step * 10 ** decade;
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    return ticks;
  }
  const rough = (high - low) / 6 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) ticks.push(tick);
  return ticks;
}

function drawScatter(models, choose) {
  const box = document.getElementById("scatter-chart"), note = document.getElementById("scatter-note");
  const shown = models.filter((m) => m.wer !== null && m.rtfx);
  const missing = models.filter((m) => !shown.includes(m)).map((m) => m.name);
  note.textContent = missing.length ? `Without a speed or an average, not drawn: ${missing.join(", ")}.` : "";
  if (!shown.length) return;
  const W = 900, H = 440, left = 70, right = 30, top = 20, bottom = 50;
  const xs = shown.map((m) => 100 * m.wer), ys = shown.map((m) => m.rtfx);
  const pad = (Math.max(...xs) - Math.min(...xs)) * 0.08 || Math.max(...xs) * 0.2 || 1;
  const x0 = Math.max(0, Math.min(...xs) - pad), x1 = Math.max(...xs) + pad, y0 = Math.min(...ys) / 1.6, y1 = Math.max(...ys) * 1.6;
  const X = (wer) => left + ((100 * wer - x0) / (x1 - x0)) * (W - left - right);
  const Y = (rtfx) => H - bottom - (Math.log(rtfx / y0) / Math.log(y1 / y0)) * (H - top - bottom);
  const chart = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "group", "aria-label": "RTFx against WER" });
  for (const tick of niceSteps(x0, x1, false)) {
    chart.append(svg("line", { class: "axis", x1: X(tick / 100), x2: X(tick / 100), y1: top, y2: H - bottom }));
    chart.append(svg("text", { x: X(tick / 100), y: H - bottom + 18, "text-anchor": "middle" }, String(Number(tick.toPrecision(6)))));
  }
  for (const tick of niceSteps(y0, y1, true)) {
    chart.append(svg("line", { class: "axis", x1: left, x2: W - right, y1: Y(tick), y2: Y(tick) }));
    chart.append(svg("text", { x: left - 8, y: Y(tick) + 4, "text-anchor": "end" }, tick.toLocaleString("en")));
  }
  chart.append(svg("text", { x: (left + W - right) / 2, y: H - 10, "text-anchor": "middle" }, "WER, percent (left is better)"));
  chart.append(svg("text", { x: 14, y: top - 6 }, "RTFx (log scale; up is faster)"));
  const best = [];
  for (const m of [...shown].sort((a, b) => a.wer - b.wer || b.rtfx - a.rtfx)) if (!best.length || m.rtfx > best[best.length - 1].rtfx) best.push(m);
  chart.append(svg("polyline", { class: "frontier", points: best.flatMap((m, k) => [...(k ? [[X(m.wer), Y(best[k - 1].rtfx)]] : []), [X(m.wer), Y(m.rtfx)]]).join(" ") }));
  const labelled = [];
  shown.forEach((m) => {
    const mark = svg("g", { class: "mark", tabindex: 0, role: "button", "aria-label": `${m.name}: WER ${(100 * m.wer).toFixed(2)}, RTFx ${m.rtfx.toFixed(1)}` });
    if (m.low !== null) mark.append(svg("line", { x1: X(Math.max(m.low, x0 / 100)), x2: X(Math.min(m.high, x1 / 100)), y1: Y(m.rtfx), y2: Y(m.rtfx), stroke: COLORS[0], opacity: 0.5 }));
    mark.append(svg("circle", { cx: X(m.wer), cy: Y(m.rtfx), r: 6, fill: best.includes(m) ? COLORS[1] : COLORS[0] }));
    mark.append(svg("title", {}, mark.getAttribute("aria-label")));
    const flip = X(m.wer) > W * 0.7, place = [X(m.wer), Y(m.rtfx)];
    if (!labelled.some(([x, y]) => Math.abs(x - place[0]) < 190 && Math.abs(y - place[1]) < 14)) {
      labelled.push(place);
      mark.append(svg("text", { x: place[0] + (flip ? -10 : 10), y: place[1] - 6, "text-anchor": flip ? "end" : "start" }, m.name.length > 36 ? m.name.slice(0, 35) + "…" : m.name));
    }
    const act = () => choose(m.name);
    mark.addEventListener("click", act);
    mark.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
    chart.append(mark);
  });
  box.append(chart);
}

function drawPhases(models) {
  const box = document.getElementById("phases-chart"), timed = models.filter((m) => m.phases);
  if (!timed.length) { box.textContent = "No run here has a clock (predictions of others do not)."; return; }
  const rate = (m, phase) => (3600 * (m.phases[0][phase] || 0)) / m.phases[1];
  const total = (m) => PHASES.reduce((sum, phase) => sum + rate(m, phase), 0);
  const W = 900, left = 240, most = Math.max(...timed.map(total)), H = 34 * timed.length + 40;
  const chart = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img", "aria-label": "busy seconds for an hour of audio, by phase" });
  timed.forEach((m, row) => {
    chart.append(svg("text", { x: left - 8, y: 34 * row + 21, "text-anchor": "end" }, m.name.length > 34 ? m.name.slice(0, 33) + "…" : m.name));
    let x = left;
    PHASES.forEach((phase, k) => {
      const width = (rate(m, phase) / most) * (W - left - 90), bar = svg("rect", { x, y: 34 * row + 4, width, height: 24, fill: COLORS[k < 5 ? k : 6] });
      bar.append(svg("title", {}, `${m.name}: ${phase} ${rate(m, phase).toFixed(2)} s for an hour of audio`));
      chart.append(bar);
      x += width;
    });
    chart.append(svg("text", { x: x + 6, y: 34 * row + 21 }, `${total(m).toFixed(1)} s/h`));
  });
  PHASES.forEach((phase, k) => {
    chart.append(svg("rect", { x: left + 105 * k, y: H - 22, width: 12, height: 12, fill: COLORS[k < 5 ? k : 6] }));
    chart.append(svg("text", { x: left + 105 * k + 17, y: H - 12 }, phase));
  });
  box.append(chart);
}
