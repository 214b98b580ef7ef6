
"use strict";
// Lets tables be sorted, filtered and downloaded. The page says everything without it.
for (const table of document.querySelectorAll("table[data-name]")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const value = (row, place) => row.cells[place].dataset.v ?? row.cells[place].textContent.trim();
  const isNumber = (place) => heads[place].classList.contains("n");
  const number = (text) => { const found = parseFloat(text.replace(/,/g, "")); return isNaN(found) ? -1 : found; };
  const compare = (place) => isNumber(place)
    ? (one, other) => number(value(one, place)) - number(value(other, place))
    : (one, other) => value(one, place).localeCompare(value(other, place), "en", { numeric: true });

  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort ? head.ariaSort === "ascending" : isNumber(place);
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort(compare(place));
      body.append(...(down ? rows.reverse() : rows));
    });
  });

  const tools = document.createElement("div");
  tools.className = "tools";
  if (body.rows.length > 10) {
    const label = document.createElement("label"), input = document.createElement("input");
    const count = document.createElement("span");
    input.type = "search";
    count.setAttribute("role", "status");
    label.append("Filter ", input);
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      let shown = 0;
      for (const row of body.rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = wanted ? `${shown} of ${body.rows.length}` : "";
    });
    tools.append(label, count);
  }
  const save = document.createElement("button");
  save.type = "button";
  save.textContent = "Download as CSV";
  save.setAttribute("aria-label", `Download as CSV: ${table.caption.textContent}`);
  save.addEventListener("click", () => {
    // A text that a spreadsheet program would compute has an apostrophe before it.
    const cell = (text) => `"${text.replace(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/, "'$&").replace(/"/g, '""')}"`;
    const lines = [heads.map((head) => head.textContent)];
    for (const row of body.rows)
      if (!row.hidden) lines.push(heads.map((_, place) => content(row.cells[place], value(row, place))));
    const text = lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${table.dataset.name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  tools.append(save);
  table.parentElement.before(tools);
}
// A URL is written whole, though its middle may not be shown; of several places each has a line.
function content(cell, value) {
  const links = [...cell.querySelectorAll("a")];
  if (cell.classList.contains("r")) return [...cell.querySelectorAll("li")].map((item) => item.textContent).join("\n");
  return cell.classList.contains("u") && links.length ? links[0].href : value;
}
