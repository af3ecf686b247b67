// Runs the Go program of main_js.go, which takes and posts this worker's messages.
importScripts("wasm_exec.js");

async function run() {
  const go = new Go();
  const file = await fetch("playground.wasm");
  if (!file.ok) throw new Error(`playground.wasm: ${file.status}`);
  const { instance } = await WebAssembly.instantiate(await file.arrayBuffer(), go.importObject);
  await go.run(instance);
  throw new Error("the program has ended: reload the page");
}

run().catch((e) => postMessage({ kind: "error", text: String(e) }));
