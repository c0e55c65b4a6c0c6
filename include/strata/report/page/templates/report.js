// Sorting, filtering, opening and permalinks. Without it the first rows of every
// table are there (all, in a record of some hundred topics), and all their details are open.
"use strict";
document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", async () => {
  for (const table of document.querySelectorAll("table[data-packed]")) await unpack(table);
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  document.querySelectorAll("table[data-first]").forEach(shorten);
  document.querySelectorAll(".filter[data-for]").forEach(makeFilter);
  document.querySelectorAll("tr.topic button").forEach((button) => {
    button.addEventListener("click", () => toggle(button.closest("tr")));
  });
  document.querySelectorAll("tr.topic").forEach((row) => {
    row.addEventListener("click", (event) => {
      if (!event.target.closest("button, a") && !String(getSelection())) toggle(row);
    });
  });
  document.querySelectorAll(".map").forEach(makeMap);
  window.addEventListener("hashchange", follow);
  follow();
});

// Rows beyond the first are in the page compressed: the HTML that the others have too, escaped as theirs is.
async function unpack(table) {
  const note = document.getElementById(table.dataset.note);
  try {
    const bytes = Uint8Array.from(atob(table.dataset.packed), (letter) => letter.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    table.tBodies[0].insertAdjacentHTML("beforeend", await new Response(plain).text());
  } catch (error) {
    note.classList.add("failed");
    console.error(error);
    return;
  }
  delete table.dataset.packed;
  arrange(table, table.tHead.querySelector("[aria-sort]"));
}

// Airflow shows this page in a frame that may open no window. A page around it that opens links for it says so (it is
// ours: plugins/strata_page); from a file, or in a frame of somebody else's, links are plain links.
let outside = null;
window.addEventListener("message", (event) => {
  if (event.source === window.parent && event.data === "strata: links are opened here") outside = event.source;
});
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="https://"]');
  if (!link || !outside) return;
  event.preventDefault();
  outside.postMessage({ open: link.href }, "*");
});

// Rows of a body in groups: a row and the details that belong to it move together.
function groupsOf(table) {
  const groups = [];
  for (const row of table.tBodies[0].rows) {
    if (row.classList.contains("detail")) groups[groups.length - 1].push(row);
    else groups.push([row]);
  }
  return groups;
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((heading) => {
    if (heading.classList.contains("plain")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(table, heading));
  });
}

function sort(table, heading) {
  const numeric = heading.classList.contains("n");
  const before = heading.getAttribute("aria-sort");
  const wanted = before === "ascending" ? "descending" : before === "descending" ? "ascending" : numeric ? "descending" : "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", wanted);
  arrange(table, heading);
  refresh(table);
}

// Bring the rows into the order that a heading says they are in.
function arrange(table, heading) {
  const column = heading.cellIndex;
  const turn = heading.getAttribute("aria-sort") === "ascending" ? 1 : -1;
  const keyed = groupsOf(table).map((group, place) => ({ group, place, key: keyOf(group[0].cells[column]) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place; // none: last
    const order = typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : String(a.key).localeCompare(String(b.key));
    return order * turn || a.place - b.place;
  });
  table.tBodies[0].append(...keyed.flatMap(({ group }) => group));
}

function keyOf(cell) {
  if (!("v" in cell.dataset)) return cell.textContent.trim().toLowerCase();
  if (cell.dataset.v === "") return null;
  return cell.dataset.v === "inf" ? Infinity : Number(cell.dataset.v);
}

// Long lists show their first rows until all are asked for, or something is looked for.
function shorten(table) {
  const rows = groupsOf(table).length;
  if (rows <= Number(table.dataset.first)) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "all";
  button.textContent = `Show all ${rows}`;
  button.addEventListener("click", () => {
    delete table.dataset.first;
    button.remove();
    refresh(table);
  });
  table.parentElement.after(button);
  refresh(table);
}

function makeFilter(box) {
  const table = document.getElementById(box.dataset.for);
  box.addEventListener("input", () => refresh(table));
  refresh(table);
}

function refresh(table) {
  const box = document.querySelector(`.filter[data-for="${table.id}"]`);
  const sought = box ? box.querySelector("input[type=search]").value.trim().toLowerCase() : "";
  const words = sought ? sought.split(/\s+/) : [];
  const verdicts = box ? new Set([...box.querySelectorAll("input:checked")].map((input) => input.value)) : new Set();
  const most = "first" in table.dataset && !sought ? Number(table.dataset.first) : Infinity;
  let shown = 0;
  let fit = 0;
  for (const group of groupsOf(table)) {
    const verdict = group[0].dataset.verdict;
    const text = words.length ? textOf(group) : "";
    const fits = (!verdict || verdicts.has(verdict)) && words.every((word) => text.includes(word));
    fit += fits;
    const visible = fits && shown < most;
    shown += visible;
    for (const row of group) row.hidden = !visible;
  }
  if (box) box.querySelector(".shown").textContent = `${shown} of ${groupsOf(table).length} shown`;
}

function textOf(group) {
  const [row] = group;
  if (row.sought === undefined) {
    const pointer = group.length > 1 && group[1].querySelector("[data-card]");
    const card = pointer ? document.getElementById(pointer.dataset.card).textContent : "";
    row.sought = (group.map((part) => part.textContent).join(" ") + card).toLowerCase();
  }
  return row.sought;
}

function toggle(row, open) {
  const button = row.querySelector("button");
  const now = open === undefined ? button.getAttribute("aria-expanded") !== "true" : open;
  button.setAttribute("aria-expanded", String(now));
  const detail = document.getElementById(button.getAttribute("aria-controls"));
  const pointer = detail.querySelector("[data-card]"); // a topic shown above is shown here too, once it is asked for
  if (pointer) pointer.replaceWith(document.querySelector(`#${pointer.dataset.card} .body`).cloneNode(true));
  detail.classList.toggle("open", now);
}

// A permalink to a topic in the table opens it, and lifts a filter that hides it.
function follow() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches("tr.topic")) return;
  const box = document.querySelector('.filter[data-for="topic-table"]');
  if (target.hidden) {
    box.querySelector("input[type=search]").value = "";
    box.querySelectorAll("input[type=checkbox]").forEach((input) => { input.checked = true; });
    refresh(target.closest("table"));
  }
  toggle(target, true);
  target.scrollIntoView({ block: "start" });
}
