// What is made of the utterances that are listed: tables of sessions, slices and confusions, CSV, and links.
const MOST_ROWS = 200, SECONDS = [0, 2, 5, 10, 15, 20, 30];

// A link to an utterance under two systems: #benchmark/id/system,other, and where the id repeats which of them it is.
function linkTo(one, i, first, second) {
  const pair = [first, second].filter((name) => name !== undefined).map(encodeURIComponent).join(",");
  let number = 1;
  for (let k = 0; k < i; k += 1) if (one.ids[k] === one.ids[i]) number += 1;
  return `#${encodeURIComponent(one.name)}/${encodeURIComponent(one.ids[i])}/${pair}${number > 1 ? `/${number}` : ""}`;
}

// What a link names, or null where it is none to an utterance.
function readLink(hash) {
  const parts = hash.replace(/^#/, "").split("/");
  if (parts.length < 2) return null;
  try {
    const [benchmark, id] = parts.slice(0, 2).map(decodeURIComponent), pair = (parts[2] || "").split(",").filter(Boolean).map(decodeURIComponent);
    return { benchmark, id, pair, number: Number(parts[3] || 1) };
  } catch { return null; }
}

// A cell that no spreadsheet takes for a formula.
function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value !== "number" && /^\s*[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(found, models, a, b) {
  const shown = [[a, "system"], ...(b === "" ? [] : [[b, "other"]])];
  const head = ["benchmark", "id", "session", "seconds", "reference", "reference_as_scored"];
  for (const [, name] of shown) head.push(name, ...["hypothesis", "as_scored", "failed", "words", ...KINDS].map((one) => `${name}_${one}`));
  const rows = [[...head, "contribution (points)"]];
  for (const { one, i, part } of found) {
    const scored = textsOf(one, one.systems[a], i).reference;
    const row = [one.name, one.ids[i], one.sessions[i], one.seconds[i], one.references[i], scored];
    for (const [k] of shown) {
      const system = one.systems[k], texts = system.hypotheses[i] === null ? { raw: null, scored: null } : textsOf(one, system, i);
      row.push(models[k].model, texts.raw, texts.scored, (system.failed || {})[i], system.words[i], ...KINDS.map((kind) => system[kind][i]));
    }
    rows.push([...row, 100 * part]);
  }
  return "\ufeff" + rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

// Sums of both systems over the listed utterances by what a function says of each; words and characters apart.
function sumsBy(found, a, b, valueOf) {
  const sums = new Map();
  for (const { one, i, errorsA, errorsB } of found) {
    const value = valueOf(one, i);
    if (value === null || value === undefined) continue;
    const unit = one.characters ? "CER" : "WER", key = `${unit} ${value}`;
    const sum = sums.get(key) || sums.set(key, { value, unit, count: 0, words: 0, errorsA: 0, scoredA: 0, otherWords: 0, errorsB: 0, scoredB: 0 }).get(key);
    sum.count += 1; sum.words += one.systems[a].words[i]; sum.errorsA += errorsA; sum.scoredA += scoredErrors(one.systems[a], i);
    if (b !== "") { sum.otherWords += one.systems[b].words[i]; sum.errorsB += errorsB; sum.scoredB += scoredErrors(one.systems[b], i); }
  }
  return [...sums.values()];
}

function confusionsOf(found, a, b) {
  const counts = new Map();
  const add = (system, one, i, side) => {
    const { scored, characters, steps } = textsOf(one, system, i), words = steps.length ? wordsOf(scored, characters) : [];
    let at = 0;
    for (let k = 0; k < steps.length; k += 3) {
      at += steps[k];
      const written = words.slice(at, (at += steps[k + 2])).join(characters ? "" : " "), key = `${steps[k + 1]}\n${written}`;
      const pair = counts.get(key) || counts.set(key, { reference: steps[k + 1], hypothesis: written, times: [0, 0] }).get(key);
      pair.times[side] += 1;
    }
  };
  for (const { one, i } of found) {
    if (one.systems[a].hypotheses[i] !== null) add(one.systems[a], one, i, 0);
    if (b !== "" && one.systems[b].hypotheses[i] !== null) add(one.systems[b], one, i, 1);
  }
  return [...counts.values()].sort((x, y) => y.times[0] - x.times[0] || y.times[1] - x.times[1] || (x.reference < y.reference ? -1 : 1));
}

// A table of plain values; numbers are { value, text }.
function tableOf(title, heads, rows, whole) {
  const figure = element("figure", "table"), table = element("table"), head = element("tr"), body = element("tbody");
  const said = rows.length < whole ? ` The first ${rows.length} of ${whole.toLocaleString("en")}.` : "";
  figure.append(element("figcaption", "", title + said));
  heads.forEach((name) => { const cell = element("th", "", name); cell.scope = "col"; head.append(cell); });
  for (const row of rows) {
    const line = element("tr");
    row.forEach((value, at) => {
      const number = typeof value === "object", cell = element(at ? "td" : "th", "", number ? value.text : value);
      if (!at) cell.scope = "row";
      if (number) { cell.dataset.value = value.value; cell.style.textAlign = "right"; }
      line.append(cell);
    });
    body.append(line);
  }
  const top = element("thead");
  top.append(head);
  table.append(top, body);
  figure.append(table);
  sortable(table);
  return figure;
}

function counted(value) { return { value, text: value.toLocaleString("en") }; }
function percentOf(errors, words) { return words ? { value: errors / words, text: ((100 * errors) / words).toFixed(2) } : { value: -1, text: "–" }; }

function slicesTable(title, head, sums, names) {
  const heads = [head, "Rate", "Utterances", "Words", `Errors, ${names[0]}`, `Percent, ${names[0]}`];
  if (names.length > 1) heads.push(`Errors, ${names[1]}`, `Percent, ${names[1]}`, "Difference, points");
  const rows = sums.slice(0, MOST_ROWS).map((sum) => {
    const row = [String(sum.value), sum.unit, counted(sum.count), counted(sum.words), counted(sum.errorsA), percentOf(sum.scoredA, sum.words)];
    if (names.length > 1) {
      const other = percentOf(sum.scoredB, sum.otherWords), difference = 100 * (row[5].value - other.value);
      row.push(counted(sum.errorsB), other, { value: difference, text: `${difference >= 0 ? "+" : "−"}${Math.abs(difference).toFixed(2)}` });
    }
    return row;
  });
  return tableOf(title, heads, rows, sums.length);
}

function lengthOf(seconds) {
  if (seconds === null) return null;
  const at = SECONDS.filter((start) => seconds >= start).length - 1;
  return at === SECONDS.length - 1 ? `${SECONDS[at]} s and more` : `${SECONDS[at]}–${SECONDS[at + 1]} s`;
}

// The tables of what is listed: confusions, sessions, lengths and tags.
function selectionTables(every, models, a, b) {
  const found = every.filter(({ one }) => !one.plain);
  const names = [a, ...(b === "" ? [] : [b])].map((k) => models[k].model), made = [];
  const confused = confusionsOf(found, a, b), heads = ["Reference", "Hypothesis", ...names.map((name) => `Times, ${name}`)];
  const rows = confused.slice(0, MOST_ROWS).map((one) => [one.reference || "(nothing)", one.hypothesis || "(nothing)", ...names.map((_, k) => counted(one.times[k]))]);
  made.push(tableOf("Confusions, as scored: what the reference has, and what is written in its place.", heads, rows, confused.length));
  const worst = (sums) => sums.sort((x, y) => y.errorsA / (y.words || 1) - x.errorsA / (x.words || 1));
  made.push(slicesTable("Sessions, those with the most errors first.", "Session", worst(sumsBy(found, a, b, (one, i) => one.sessions[i])), names));
  const lengths = sumsBy(found, a, b, (one, i) => lengthOf(one.seconds[i])).sort((x, y) => parseFloat(x.value) - parseFloat(y.value));
  made.push(slicesTable("Slices by length of the utterance.", "Length", lengths, names));
  const tags = [...new Set(found.flatMap(({ one }) => Object.keys(one.tags || {})))].sort();
  for (const tag of tags) made.push(slicesTable(`Slices by ${tag}.`, tag, worst(sumsBy(found, a, b, (one, i) => ((one.tags || {})[tag] || [])[i])), names));
  return made.filter((figure) => figure.querySelector("tbody tr"));
}
