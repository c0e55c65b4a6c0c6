// The map: papers as points on a canvas. Drag or arrow keys move, buttons, double click and wheel (once it has the
// focus, so that scrolling past it stays scrolling) zoom, a point tells its topic and links to its paper.
function unpacked(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
}

function makeMap(box) {
  const canvas = box.querySelector("canvas");
  const spot = box.querySelector(".spot");
  const places = unpacked(box.dataset.places, Uint16Array);
  const ids = unpacked(box.dataset.ids, Uint32Array);
  const archives = JSON.parse(box.dataset.archives);
  const counts = JSON.parse(box.dataset.counts);
  const topics = counts.map((count, number) => ({ ...wordsOf(number), number, hue: (number * 137.508) % 360 }));
  let first = 0;
  counts.forEach((count, number) => {
    Object.assign(topics[number], { first, end: first + count }, middleOf(places, first, first + count));
    first += count;
  });
  const papers = first;
  const bySize = [...topics].filter((topic) => topic.end > topic.first).sort((a, b) => b.end - b.first - (a.end - a.first));
  const cells = cellsOf(places, papers);
  const view = { x: 32767, y: 32767, zoom: 1 };
  let size = 1;
  let chosen = null; // topics found; null: all
  let pinned = -1;
  let waiting = false;

  const scale = () => (size / 65536) * view.zoom;
  const across = (x) => (x - view.x) * scale() + canvas.clientWidth / 2;
  const down = (y) => (view.y - y) * scale() + canvas.clientHeight / 2;

  function draw() {
    waiting = false;
    const ratio = window.devicePixelRatio || 1;
    const [wide, tall] = [canvas.clientWidth, canvas.clientHeight];
    if (!wide) return;
    size = Math.min(wide, tall);
    canvas.width = wide * ratio;
    canvas.height = tall * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.body);
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches && !window.matchMedia("print").matches;
    const dot = Math.min(5, 1.1 + 0.5 * Math.log2(view.zoom) + (papers < 10000 ? 1 : 0));
    for (const topic of topics) {
      const shown = !chosen || chosen.has(topic.number);
      pen.fillStyle = shown ? `hsl(${topic.hue} 52% ${dark ? 62 : 46}% / ${chosen ? 0.95 : 0.7})` : dark ? "#ffffff12" : "#00000010";
      for (let at = topic.first; at < topic.end; at += 1) {
        const x = across(places[2 * at]);
        const y = down(places[2 * at + 1]);
        if (x > -5 && y > -5 && x < wide + 5 && y < tall + 5) pen.fillRect(x - dot / 2, y - dot / 2, dot, dot);
      }
    }
    label(pen, style, wide, tall);
    if (pinned >= 0) {
      pen.strokeStyle = style.color;
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.arc(across(places[2 * pinned]), down(places[2 * pinned + 1]), dot + 4, 0, 7);
      pen.stroke();
    }
    box.dataset.zoom = view.zoom.toFixed(2);
  }

  function label(pen, style, wide, tall) {
    const taken = [];
    pen.font = `600 12px ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = style.backgroundColor;
    pen.fillStyle = style.color;
    for (const topic of bySize) {
      if (chosen && !chosen.has(topic.number)) continue;
      const [x, y] = [across(topic.x), down(topic.y)];
      const name = topic.name.length > 34 ? `${topic.name.slice(0, 33)}\u2026` : topic.name;
      const half = pen.measureText(name).width / 2 + 6;
      if (x < half || x > wide - half || y < 14 || y > tall - 8) continue;
      if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 18)) continue;
      taken.push({ x, y, half });
      pen.strokeText(name, x, y);
      pen.fillText(name, x, y);
      if (taken.length >= 60) break;
    }
  }

  function redraw() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  function zoomBy(factor, left = canvas.clientWidth / 2, top = canvas.clientHeight / 2) {
    const [x, y] = [view.x + (left - canvas.clientWidth / 2) / scale(), view.y - (top - canvas.clientHeight / 2) / scale()];
    view.zoom = Math.min(200, Math.max(1, view.zoom * factor));
    view.x = x - (left - canvas.clientWidth / 2) / scale();
    view.y = y + (top - canvas.clientHeight / 2) / scale();
    redraw();
  }

  function whole() {
    Object.assign(view, { x: 32767, y: 32767, zoom: 1 });
    redraw();
  }

  function nearest(left, top) {
    const [x, y] = [view.x + (left - canvas.clientWidth / 2) / scale(), view.y - (top - canvas.clientHeight / 2) / scale()];
    const reach = 10 / scale();
    let best = -1;
    let least = reach * reach;
    for (let column = Math.max(0, (x - reach) >> 9); column <= Math.min(127, (x + reach) >> 9); column += 1) {
      for (let row = Math.max(0, (y - reach) >> 9); row <= Math.min(127, (y + reach) >> 9); row += 1) {
        for (const at of cells.get(column * 128 + row) || []) {
          const far = (places[2 * at] - x) ** 2 + (places[2 * at + 1] - y) ** 2;
          if (far < least) [best, least] = [at, far];
        }
      }
    }
    return best;
  }

  function tell(at) {
    spot.replaceChildren();
    if (at < 0) return;
    const topic = topics.find((found) => at >= found.first && at < found.end);
    const [id, link] = [idOf(ids[at], archives), document.createElement("a")];
    link.href = `https://arxiv.org/abs/${id}`;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = `arXiv:${id}`;
    const [inner, name] = [document.createElement("a"), document.createElement("bdi")];
    inner.href = `#topic-${topic.number}`;
    inner.target = "_self";
    name.textContent = topic.name;
    inner.append(name);
    spot.append(link, " in ", inner);
  }

  function find(text) {
    const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const status = box.querySelector(".shown");
    chosen = null;
    pinned = -1;
    status.textContent = "";
    if (words.length) {
      const wanted = words.join("").replace(/^arxiv:/, "").replace(/v\d+$/, "");
      const at = ids.findIndex((number) => idOf(number, archives) === wanted);
      chosen = new Set(topics.filter((topic) => words.every((word) => topic.sought.includes(word))).map((topic) => topic.number));
      if (at >= 0) {
        pinned = at;
        chosen = null;
        Object.assign(view, { x: places[2 * at], y: places[2 * at + 1], zoom: Math.max(view.zoom, 8) });
        tell(at);
        status.textContent = "1 paper found";
      } else {
        const shown = topics.reduce((sum, topic) => sum + (chosen.has(topic.number) ? topic.end - topic.first : 0), 0);
        status.textContent = `${chosen.size} of ${counted(topics.length, "topic")}, ${counted(shown, "paper")}`;
      }
    }
    redraw();
  }

  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    grip = { left: event.offsetX, top: event.offsetY, x: view.x, y: view.y, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) {
      if (pinned < 0) tell(nearest(event.offsetX, event.offsetY));
      return;
    }
    grip.moved = grip.moved || Math.hypot(event.offsetX - grip.left, event.offsetY - grip.top) > 4;
    if (!grip.moved) return;
    view.x = grip.x - (event.offsetX - grip.left) / scale();
    view.y = grip.y + (event.offsetY - grip.top) / scale();
    redraw();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (grip && !grip.moved) {
      pinned = nearest(event.offsetX, event.offsetY);
      tell(pinned);
      redraw();
    }
    grip = null;
  });
  canvas.addEventListener("dblclick", (event) => zoomBy(2, event.offsetX, event.offsetY));
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8, event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 60 / scale();
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (moves[event.key]) [view.x, view.y] = [view.x + moves[event.key][0], view.y + moves[event.key][1]];
    else if (event.key === "+" || event.key === "=") zoomBy(1.5);
    else if (event.key === "-") zoomBy(1 / 1.5);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
    redraw();
  });
  box.querySelectorAll("[data-zoom]").forEach((button) => {
    button.addEventListener("click", () => (button.dataset.zoom === "whole" ? whole() : zoomBy(button.dataset.zoom === "in" ? 1.6 : 1 / 1.6)));
  });
  box.querySelector("input").addEventListener("input", (event) => find(event.target.value));
  new ResizeObserver(redraw).observe(canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  draw();
}

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

// A topic's name and terms, as the table of all topics has them.
function wordsOf(number) {
  const detail = document.getElementById(`detail-${number}`);
  if (!detail) return { name: `Topic ${number}`, sought: "" };
  const name = detail.previousElementSibling.querySelector("bdi").textContent;
  return { name, sought: `${name} ${detail.querySelector(".terms").firstChild.textContent}`.toLowerCase() };
}

// A 128 by 128 grid of lists, so that hovering looks at few points.
function cellsOf(places, papers) {
  const cells = new Map();
  for (let at = 0; at < papers; at += 1) {
    const cell = (places[2 * at] >> 9) * 128 + (places[2 * at + 1] >> 9);
    if (cells.has(cell)) cells.get(cell).push(at);
    else cells.set(cell, [at]);
  }
  return cells;
}

function middleOf(places, first, end) {
  const middle = (offset) => {
    const values = [];
    for (let at = first; at < end; at += 1) values.push(places[2 * at + offset]);
    values.sort((a, b) => a - b);
    return values.length ? values[values.length >> 1] : 0;
  };
  return { x: middle(0), y: middle(1) };
}

function idOf(number, archives) {
  if (number >= 2 ** 31) {
    const rest = number - 2 ** 31;
    return `${archives[Math.floor(rest / 1e7)]}/${String(rest % 1e7).padStart(7, "0")}`;
  }
  const month = Math.floor(number / 1e5);
  return `${String(month).padStart(4, "0")}.${String(number % 1e5).padStart(month >= 1501 ? 5 : 4, "0")}`;
}
