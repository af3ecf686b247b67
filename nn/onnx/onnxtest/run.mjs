// Runs the models of a JSON file in ONNX Runtime and prints their outputs as JSON:
//
//	node run.mjs <folder of node_modules> <onnxruntime-node or onnxruntime-web> <cases.json>
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [modules, engine, file] = process.argv.slice(2);
const ort = createRequire(join(modules, "x.js"))(engine);
if (engine === "onnxruntime-web") {
	ort.env.wasm.numThreads = 1;
}

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const results = [];
for (const c of JSON.parse(readFileSync(file))) {
	const result = { outputs: {} };
	try {
		const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
		const session = await ort.InferenceSession.create(bytes(c.model), options);
		const feeds = {};
		for (const [name, t] of Object.entries(c.inputs)) {
			feeds[name] = new ort.Tensor("float32", new Float32Array(bytes(t.data).buffer), t.dims);
		}
		let outputs = await session.run(feeds);
		const start = performance.now();
		for (let i = 0; i < c.repeat; i++) {
			outputs = await session.run(feeds);
		}
		result.seconds = c.repeat > 0 ? (performance.now() - start) / 1000 / c.repeat : 0;
		for (const [name, t] of Object.entries(outputs)) {
			const data = Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength);
			result.outputs[name] = { dims: t.dims, data: data.toString("base64") };
		}
	} catch (e) {
		result.error = String(e);
	}
	results.push(result);
}
writeFileSync(file + ".out", JSON.stringify(results));
process.exit(0);
