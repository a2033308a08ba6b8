// Searches while you type, lists the trucks and puts a dot on the map for each.
"use strict";

const WEST = -122.525, NORTH = 37.820, SCALE_X = 3400, SCALE_Y = 4300;
const SHORE = [
  [37.811, -122.477], [37.805, -122.466], [37.807, -122.447], [37.808, -122.430], [37.809, -122.409],
  [37.797, -122.394], [37.789, -122.387], [37.777, -122.386], [37.765, -122.383], [37.749, -122.374],
  [37.737, -122.372], [37.727, -122.357], [37.719, -122.372], [37.710, -122.384], [37.708, -122.507],
  [37.735, -122.508], [37.764, -122.512], [37.780, -122.515], [37.788, -122.506], [37.790, -122.486],
];

const form = document.forms[0];
const list = document.getElementById("list");
const dots = document.getElementById("dots");
const template = document.getElementById("truck").content.firstElementChild;

const place = (lat, lon) => [(lon - WEST) * SCALE_X, (NORTH - lat) * SCALE_Y];

// `marked` comes escaped from the server, so it may hold <mark> and nothing else.
function fill(element, truck, field) {
  if (truck.marked[field]) element.innerHTML = truck.marked[field];
  else element.textContent = truck[field];
}

function show(truck) {
  const item = template.cloneNode(true);
  fill(item.querySelector("h2"), truck, "name");
  fill(item.querySelector(".food"), truck, "food");
  fill(item.querySelector(".address"), truck, "address");

  const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  const [x, y] = place(truck.location.lat, truck.location.lon);
  dot.setAttribute("cx", x);
  dot.setAttribute("cy", y);
  dot.setAttribute("r", 6);

  const point = (on) => [item, dot].forEach((element) => element.classList.toggle("here", on));
  for (const element of [item, dot]) {
    element.addEventListener("mouseenter", () => point(true));
    element.addEventListener("mouseleave", () => point(false));
  }
  dot.addEventListener("click", () => item.scrollIntoView({ behavior: "smooth" }));
  list.append(item);
  dots.append(dot);
}

const RETRY = 500; // milliseconds
let latest = 0;

async function search() {
  const asked = ++latest;
  const query = form.q.value.trim();
  let answer, found;
  try {
    answer = await fetch(`api/search?${new URLSearchParams({ q: query })}`);
    found = await answer.json();
  } catch { // the server is being reloaded, or the network has changed
    setTimeout(() => { if (asked === latest) search(); }, RETRY);
    return;
  }
  if (asked !== latest) return; // a later search has been sent meanwhile
  list.replaceChildren();
  dots.replaceChildren();
  if (!answer.ok) {
    form.summary.value = `${found.status}: ${found.cause}`;
    return;
  }
  form.summary.value = `${found.total} ${found.total === 1 ? "truck" : "trucks"}`;
  found.trucks.forEach(show);
  history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
}

document.getElementById("land").setAttribute("d", `M${SHORE.map(([lat, lon]) => place(lat, lon)).join("L")}Z`);
form.addEventListener("submit", (event) => event.preventDefault());
form.q.addEventListener("input", search);
form.q.value = new URLSearchParams(location.search).get("q") ?? "";
search();
