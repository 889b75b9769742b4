// Makes the tables sortable by their headings and filters rows by their name. Numbers sort by their unrounded values.
function sortable(table) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "descending" : "ascending");
      const value = (row) => { const cell = row.cells[column]; return cell.dataset.value === undefined ? null : Number(cell.dataset.value); };
      const rows = [...body.rows].sort((a, b) => {
        const x = value(a), y = value(b);
        if (x === null && y === null) return a.cells[column].textContent.localeCompare(b.cells[column].textContent) * (up ? -1 : 1);
        if (x === null || y === null) return x === null ? 1 : -1;
        return (x - y) * (up ? -1 : 1);
      });
      body.append(...rows);
    });
  });
}

function setUpTables() {
  const tables = [...document.querySelectorAll("#results table")];
  tables.forEach(sortable);
  document.getElementById("table-filter").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    tables.forEach((table) => [...table.tBodies[0].rows].forEach((row) => { row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted); }));
  });
}

function chooseRow(name) {
  document.querySelectorAll("#results tbody tr").forEach((row) => row.classList.toggle("chosen", row.cells[0].textContent.startsWith(name)));
  const chosen = document.querySelector("#results tr.chosen");
  if (chosen) chosen.scrollIntoView({ block: "nearest" });
}
