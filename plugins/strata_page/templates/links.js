// Airflow's frame lets nothing in it open a window (its sandbox has no allow-popups): the page around it opens links.
"use strict";

function openOutside(address) {
  const outer = window.top.document; // throws where somebody else's page is around Airflow
  const twin = Object.assign(outer.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer" });
  outer.body.append(twin);
  twin.click();
  twin.remove();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="https://"]');
  if (!link || window.top === window) return;
  try {
    openOutside(link.href);
    event.preventDefault();
  } catch {
    // A plain link, then.
  }
});

// The report stands in a frame without an origin, so that nothing in it can act as the reader. All it may ask for is
// that a paper's page is opened.
const report = document.querySelector("iframe.report");
if (report) {
  const greet = () => report.contentWindow.postMessage("strata: links are opened here", "*");
  report.addEventListener("load", greet);
  greet();
  window.addEventListener("message", (event) => {
    const address = event.data && event.data.open;
    if (event.source !== report.contentWindow || typeof address !== "string") return;
    if (address.startsWith("https://arxiv.org/")) openOutside(address);
  });
}
