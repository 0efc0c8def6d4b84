// Keeps the record of an inspection on the telephone too, saves it while one types, and sends it again when
// the connection is back. The form works without it. Plain HTTP: no service worker, no WebCrypto.
"use strict";
(() => {
  const form = document.querySelector("form[data-draft]");
  const state = document.querySelector("[data-draft-state]");
  if (!form || !state || !window.fetch) return;
  const PLACE = `record-${form.dataset.draft}`;
  // Of this page, not of what was typed; photographs are on the server or nowhere.
  const OWN = new Set(["csrf_token", "key", "base", "revision", "photographs", "signed_pages"]);
  const say = (name, more = "") => { state.textContent = form.dataset[name] + more; };
  let changed = false;
  let waiting = null;

  const read = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (!OWN.has(name) && typeof value === "string" && value) (fields[name] ??= []).push(value);
    }
    return fields;
  };
  const text = (fields) => JSON.stringify(Object.entries(fields).sort());
  const same = (one, other) => text(one) === text(other);
  const kept = () => { try { return JSON.parse(localStorage.getItem(PLACE)); } catch { return null; } };
  const forget = () => { try { localStorage.removeItem(PLACE); } catch { /* private window */ } };
  const keep = (isPending) => {
    const entry = { fields: read(), base: form.base.value, key: form.key.value, pending: isPending };
    try { localStorage.setItem(PLACE, JSON.stringify(entry)); } catch { /* full or forbidden: the server has it */ }
  };
  const fill = (fields) => {
    for (const field of form.elements) {
      if (!field.name || OWN.has(field.name) || field.type === "file") continue;
      const values = fields[field.name] ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
      else if (field.tagName !== "BUTTON") field.value = values[0] ?? "";
    }
  };
  const hasFiles = () => [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);

  const save = async () => {
    if (!changed || waiting) return;
    changed = false;
    const body = new FormData(form);
    for (const input of form.querySelectorAll("input[type=file]")) body.delete(input.name);
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.redirected) say("sayLogin");
      else if (answer.ok) { form.revision.value = (await answer.json()).revision; say("saySaved"); }
      else if (answer.status === 409) say("sayConflict");
      else { changed = true; say("sayKept"); }
    } catch { changed = true; say("sayKept"); }
  };

  const send = async () => {
    let answer;
    say("saySending");
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      if (answer.status === 502 || answer.status === 504) throw new Error("nobody behind the proxy");
    } catch {
      say("sayWaiting", hasFiles() ? ` ${form.dataset.sayFiles}` : "");
      waiting ??= setInterval(() => { if (navigator.onLine) send(); }, 15000);
      return;
    }
    clearInterval(waiting);
    waiting = null;
    const path = answer.redirected ? new URL(answer.url).pathname : "";
    if (path === form.dataset.page) { forget(); location.assign(answer.url); }
    else if (path) { say("sayLogin"); location.assign(answer.url); }
    else { keep(false); form.submit(); } // the page says what is wrong; under the same key nothing is stored twice
  };

  form.addEventListener("input", () => { changed = true; keep(false); });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    keep(true);
    send();
  });
  window.addEventListener("online", () => { if (waiting) send(); else save(); });
  setInterval(save, 8000);

  const entry = kept();
  if (!entry || document.querySelector(".error-summary")) return;
  const isSame = same(entry.fields, read());
  const isCurrent = entry.base === form.base.value;
  const restore = () => { fill(entry.fields); changed = true; say("sayRestored"); };
  if (isSame && !(isCurrent && entry.pending)) forget(); // the server has it, or it arrived and its answer was lost
  else if (isCurrent) {
    restore();
    if (entry.pending) { form.key.value = entry.key; send(); }
  } else { // the record went on without this telephone
    say("sayConflict");
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button secondary", textContent: form.dataset.sayUse });
    button.addEventListener("click", restore);
    state.append(document.createElement("br"), button);
  }
})();
