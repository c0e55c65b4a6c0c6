// Airflow's frame lets nothing in it open a window: the page around it opens the link.
"use strict";
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="https://"]');
  if (!link || window.top === window) return;
  event.preventDefault();
  const outer = window.top.document;
  const twin = Object.assign(outer.createElement("a"), { href: link.href, target: "_blank", rel: "noopener noreferrer" });
  outer.body.append(twin);
  twin.click();
  twin.remove();
});
