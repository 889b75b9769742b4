// Unpacks the data (JSON, gzip, base64) and sets everything up.
async function unpack() {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

setUpTables();
unpack().then((data) => {
  const counted = data.benchmarks.filter((one) => !one.plain), rate = counted.length && counted.every((one) => one.characters) ? "CER" : "WER";
  drawScatter(data.models, data.note, chooseRow, "scatter", rate);
  if ((data.by_character || []).length) {
    document.getElementById("characters").hidden = false;
    drawScatter(data.by_character, data.character_note, chooseRow, "characters", "CER");
  }
  drawPhases(data.models.map(({ model }, k) => ({ model, phases: data.phases[k] })));
  window.browser = new Browser(data);
  document.body.dataset.ready = "yes";
}).catch((error) => {
  document.getElementById("summary").textContent = `This browser cannot unpack the page's data (${error}); any browser from 2023 on can.`;
});
