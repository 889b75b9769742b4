// The scatter of speed against accuracy and the bars of the clock's phases, as SVG made of elements: no text is ever markup.
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#777777"];
const PHASES = ["decode", "features", "transfer", "model", "text", "untracked"];

function svg(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// As wide as there is room, so that letters keep their size on a phone.
function roomFor(box) {
  const W = Math.max(320, Math.min(1200, box.clientWidth || 900));
  return { W, small: W < 600 };
}

function cut(text, letters) {
  const end = Math.floor((letters - 1) / 2);  // runs of one model differ at the end of their names
  return text.length > letters ? text.slice(0, letters - 1 - end) + "…" + text.slice(text.length - end) : text;
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

// What a server's speed is of.
function served(model) {
  return model.served ? `, served, ${model.served} at once` : "";
}

// As much of a text as fits, in an element that is shown already.
function fitted(label, text, width) {
  label.textContent = text;
  for (let letters = text.length; letters > 3 && label.getComputedTextLength() > width; letters -= 1) label.textContent = cut(text, letters - 1);
}

// Where a name stands beside its mark: the first place that hides no other name and no mark and lies in the frame.
function placeOf(x, y, width, frame, taken) {
  const places = [[x + 9, y + 4], [x - 9 - width, y + 4], [x - width / 2, y - 10], [x - width / 2, y + 19], [x + 6, y - 8], [x - 6 - width, y - 8], [x + 6, y + 17], [x - 6 - width, y + 17]];
  const box = ([left, base]) => ({ left, right: left + width, top: base - 11, bottom: base + 3 });
  const free = (b) => b.left >= frame.left && b.right <= frame.right && b.top >= frame.top && b.bottom <= frame.bottom &&
    taken.every((t) => b.right < t.left || b.left > t.right || b.bottom < t.top || b.top > t.bottom);
  const found = places.find((place) => free(box(place)));
  return found && { place: found, box: box(found) };
}

// Drag a rectangle to look closer: names that had no room appear. The view is {x0, x1} in percent (or its logarithm, where
// the largest rate is over four times the smallest), {y0, y1} in RTFx.
function drawScatter(models, about, choose, id, rate) {
  const box = document.getElementById(`${id}-chart`), note = document.getElementById(`${id}-note`);
  const timed = models.filter((m) => m.wer !== null && m.rtfx);
  const missing = models.filter((m) => !timed.includes(m)).map((m) => m.model);
  note.textContent = [about, missing.length && `Without a speed or an average, not drawn: ${missing.join(", ")}.`].filter(Boolean).join(" ");
  if (!timed.length) return;
  const { W, small } = roomFor(box), H = small ? 380 : 440, left = small ? 44 : 70, right = small ? 12 : 30, top = 20, bottom = 50;
  const least = Math.min(...timed.map((m) => m.wer)), most = Math.max(...timed.map((m) => m.wer)), logarithmic = least > 0 && most > 4 * least;
  const scaled = (percent) => (logarithmic ? Math.log(percent) : percent), percentOf = (u) => (logarithmic ? Math.exp(u) : u);
  const xs = timed.map((m) => scaled(100 * m.wer)), ys = timed.map((m) => m.rtfx);
  const pad = (Math.max(...xs) - Math.min(...xs)) * 0.08 || Math.abs(Math.max(...xs)) * 0.2 || 1;
  const floor = logarithmic ? -Infinity : 0;
  const whole = { x0: Math.max(floor, Math.min(...xs) - pad), x1: Math.max(...xs) + pad, y0: Math.min(...ys) / 1.6, y1: Math.max(...ys) * 1.6 };
  const best = [];
  for (const m of timed.filter((each) => each.frontier).sort((a, b) => a.wer - b.wer || b.rtfx - a.rtfx)) if (!best.length || m.rtfx > best[best.length - 1].rtfx) best.push(m);
  const hint = matchMedia("(pointer: coarse)").matches ? "+ zooms in on the model you tapped." : "Drag a rectangle to zoom in.";
  let view = whole, chosen = null;

  const X = (wer) => left + ((scaled(100 * wer) - view.x0) / (view.x1 - view.x0)) * (W - left - right);
  const Y = (rtfx) => H - bottom - (Math.log(rtfx / view.y0) / Math.log(view.y1 / view.y0)) * (H - top - bottom);
  const percentAt = (x) => view.x0 + ((x - left) / (W - left - right)) * (view.x1 - view.x0);
  const rtfxAt = (y) => view.y0 * (view.y1 / view.y0) ** ((H - bottom - y) / (H - top - bottom));
  const inside = (m) => scaled(100 * m.wer) >= view.x0 && scaled(100 * m.wer) <= view.x1 && m.rtfx >= view.y0 && m.rtfx <= view.y1;

  const buttons = document.createElement("p"), counted = document.createElement("span");
  buttons.className = "field zoom";
  for (const [text, title, act] of [["+", "zoom in", () => zoom(0.5)], ["−", "zoom out", () => zoom(2)], ["whole", "show all", () => show(whole)]]) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = text; button.title = title;
    button.setAttribute("aria-label", title);
    button.addEventListener("click", act);
    buttons.append(button);
  }
  counted.setAttribute("role", "status");
  buttons.append(counted);
  const chart = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "group", "aria-label": `RTFx against ${rate}` });

  function show(next) {
    const narrow = next.x1 - next.x0 < (logarithmic ? 0.001 : 0.01) || next.y1 / next.y0 < 1.01, wide = next.x1 - next.x0 >= whole.x1 - whole.x0 && next.y1 / next.y0 >= whole.y1 / whole.y0;
    if (narrow) return;
    view = wide ? whole : next;
    draw();
  }

  // Around the model that was chosen, while it is in view; else around the one nearest to the middle.
  function zoom(factor) {
    const away = (m) => Math.hypot(X(m.wer) - (left + W - right) / 2, Y(m.rtfx) - (top + H - bottom) / 2);
    const nearest = timed.filter(inside).sort((a, b) => away(a) - away(b))[0], target = chosen && inside(chosen) ? chosen : nearest;
    const middle = target ? [scaled(100 * target.wer), target.rtfx] : [(view.x0 + view.x1) / 2, Math.sqrt(view.y0 * view.y1)];
    const width = (factor * (view.x1 - view.x0)) / 2, height = (view.y1 / view.y0) ** (factor / 2), x0 = Math.max(floor, middle[0] - width);
    show({ x0, x1: x0 + 2 * width, y0: middle[1] / height, y1: middle[1] * height });
  }

  function draw() {
    const { x0, x1, y0, y1 } = view, shown = timed.filter(inside);
    counted.textContent = view === whole ? hint : `${shown.length} of ${timed.length} in view.`;
    chart.replaceChildren();
    const clip = svg("clipPath", { id: `${id}-clip` });
    clip.append(svg("rect", { x: left, y: top, width: W - left - right, height: H - top - bottom }));
    chart.append(clip, svg("rect", { class: "ground", x: left, y: top, width: W - left - right, height: H - top - bottom }));
    const low = percentOf(x0), high = percentOf(x1), steps = niceSteps(low, high, logarithmic && high / low > 4);
    for (const tick of steps) {
      chart.append(svg("line", { class: "axis", x1: X(tick / 100), x2: X(tick / 100), y1: top, y2: H - bottom }));
      chart.append(svg("text", { x: X(tick / 100), y: H - bottom + 18, "text-anchor": "middle" }, String(Number(tick.toPrecision(6)))));
    }
    for (const tick of niceSteps(y0, y1, y1 / y0 > 4)) {
      chart.append(svg("line", { class: "axis", x1: left, x2: W - right, y1: Y(tick), y2: Y(tick) }));
      chart.append(svg("text", { x: left - 8, y: Y(tick) + 4, "text-anchor": "end" }, tick.toLocaleString("en")));
    }
    chart.append(svg("text", { x: (left + W - right) / 2, y: H - 10, "text-anchor": "middle" }, `${rate}, percent${logarithmic ? " (log scale; left is better)" : " (left is better)"}`));
    chart.append(svg("text", { x: 14, y: top - 6 }, "RTFx (log scale; up is faster)"));
    chart.append(svg("polyline", { class: "frontier", "clip-path": `url(#${id}-clip)`, points: best.flatMap((m, k) => [...(k ? [[X(m.wer), Y(best[k - 1].rtfx)]] : []), [X(m.wer), Y(m.rtfx)]]).join(" ") }));
    const taken = shown.map((m) => ({ left: X(m.wer) - 7, right: X(m.wer) + 7, top: Y(m.rtfx) - 7, bottom: Y(m.rtfx) + 7 }));
    const frame = { left: 2, right: W - 2, top: top - 4, bottom: H - bottom - 2 };
    // Half an interval behind a name would look like another interval.
    const ends = (m) => [Math.max(m.low, low / 100), Math.min(m.high, high / 100)].map(X);
    const intervals = shown.filter((m) => m.low !== null).map((m) => ({ left: ends(m)[0], right: ends(m)[1], top: Y(m.rtfx) - 1, bottom: Y(m.rtfx) + 1 }));
    shown.forEach((m, at) => {
      const mark = svg("g", { class: "mark", tabindex: 0, role: "button", "aria-label": `${m.model}: ${rate} ${(100 * m.wer).toFixed(2)}, RTFx ${m.rtfx.toFixed(1)}${served(m)}` });
      if (m.low !== null) mark.append(svg("line", { x1: ends(m)[0], x2: ends(m)[1], y1: Y(m.rtfx), y2: Y(m.rtfx), stroke: COLORS[0], opacity: 0.5 }));
      const solid = m.comparable && !m.elsewhere, color = solid ? COLORS[best.includes(m) ? 1 : 0] : COLORS[6];
      const look = { fill: solid ? color : "var(--paper)", stroke: color, "stroke-width": solid ? 0 : 2 };
      if (m.served) mark.append(svg("rect", { x: X(m.wer) - 5, y: Y(m.rtfx) - 5, width: 10, height: 10, ...look }));
      else mark.append(svg("circle", { cx: X(m.wer), cy: Y(m.rtfx), r: solid ? 6 : 5, ...look }));
      mark.append(svg("title", {}, mark.getAttribute("aria-label")));
      const label = svg("text", {}, cut(m.model, small ? 20 : 36) + served(m));
      mark.append(label);
      chart.append(mark);
      const found = placeOf(X(m.wer), Y(m.rtfx), label.getComputedTextLength(), frame, [...taken.filter((_, k) => k !== at), ...intervals]);
      if (found) { taken.push(found.box); label.setAttribute("x", found.place[0]); label.setAttribute("y", found.place[1]); } else label.remove();
      const act = () => { chosen = m; choose(m.model); };
      mark.addEventListener("click", act);
      mark.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
    });
  }

  // A mouse or pen draws the rectangle; a finger scrolls the page, and has the buttons.
  let from = null, band = null;
  const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
  const edges = (to) => ({ x: Math.max(left, Math.min(from.x, to.x)), y: Math.max(top, Math.min(from.y, to.y)), right: Math.min(W - right, Math.max(from.x, to.x)), bottom: Math.min(H - bottom, Math.max(from.y, to.y)) });
  const drop = () => { band?.remove(); from = band = null; };
  const begin = (event) => { chart.setPointerCapture(event.pointerId); chart.append((band = svg("rect", { class: "band" }))); };
  chart.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    from = at(event);
    if (event.target.closest(".mark")) return;
    event.preventDefault();
    begin(event);
  });
  chart.addEventListener("pointermove", (event) => {
    if (!from) return;
    if (!event.buttons) return drop();
    // On a marker or its name a press is a choice, until it is drawn away from there.
    if (!band && Math.hypot(at(event).x - from.x, at(event).y - from.y) < 8) return;
    if (!band) begin(event);
    const e = edges(at(event));
    for (const [key, value] of Object.entries({ x: e.x, y: e.y, width: Math.max(0, e.right - e.x), height: Math.max(0, e.bottom - e.y) })) band.setAttribute(key, value);
  });
  chart.addEventListener("pointerup", (event) => {
    if (!from) return;
    const e = edges(at(event)), drew = band !== null;
    drop();
    if (drew && e.right - e.x > 8 && e.bottom - e.y > 8) show({ x0: percentAt(e.x), x1: percentAt(e.right), y0: rtfxAt(e.bottom), y1: rtfxAt(e.y) });
  });
  chart.addEventListener("pointercancel", drop);
  chart.addEventListener("dblclick", () => show(whole));
  box.append(chart, buttons);
  draw();
}

function drawPhases(models) {
  const box = document.getElementById("phases-chart"), timed = models.filter((m) => m.phases);
  if (!timed.length) { box.textContent = "No run here has a clock (predictions of others do not)."; return; }
  const rate = (m, phase) => (3600 * (m.phases[0][phase] || 0)) / m.phases[1];
  const total = (m) => PHASES.reduce((sum, phase) => sum + rate(m, phase), 0);
  const { W, small } = roomFor(box), left = small ? 124 : 240, most = Math.max(...timed.map(total));
  const keys = small ? 3 : 6, top = 8 + 18 * Math.ceil(PHASES.length / keys), H = top + 34 * timed.length + 6;
  const chart = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img", "aria-label": "busy seconds for an hour of audio, by phase" });
  box.append(chart);
  timed.forEach((m, row) => {
    const name = svg("text", { x: left - 8, y: top + 34 * row + 21, "text-anchor": "end" });
    chart.append(name);
    fitted(name, m.model, left - 12);
    let x = left;
    PHASES.forEach((phase, k) => {
      const width = (rate(m, phase) / most) * (W - left - 90), bar = svg("rect", { x, y: top + 34 * row + 4, width, height: 24, fill: COLORS[k < 5 ? k : 6] });
      bar.append(svg("title", {}, `${m.model}: ${phase} ${rate(m, phase).toFixed(2)} s for an hour of audio`));
      chart.append(bar);
      x += width;
    });
    chart.append(svg("text", { x: x + 6, y: top + 34 * row + 21 }, `${total(m).toFixed(1)} s/h`));
  });
  PHASES.forEach((phase, k) => {
    const x = (small ? 8 : left) + 105 * (k % keys), y = 2 + 18 * Math.floor(k / keys);
    chart.append(svg("rect", { x, y, width: 12, height: 12, fill: COLORS[k < 5 ? k : 6] }));
    chart.append(svg("text", { x: x + 17, y: y + 10 }, phase));
  });
}
