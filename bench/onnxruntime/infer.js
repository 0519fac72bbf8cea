// Runs ONNX models in ONNX Runtime:
//
//     node infer.js JOBS.jsonl
//
// A line of JOBS is {"model", "input", "shape", "batch", "output"}: the raw floats of the file `input`,
// an array [shape] whose first extent counts images, go through `model` in batches of `batch` (0: all at
// once), and what comes out is written to `output`. {"values": "uint8"}: `input` holds bytes. {"tokens",
// "steps"}: the file `tokens` has [count, steps] floats for the model's second input.
"use strict";
const fs = require("fs");
const ort = require("onnxruntime-node");

function read(job) {
  const bytes = fs.readFileSync(job.input);
  if (job.values === "uint8") return Float32Array.from(bytes);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function run(job) {
  const session = await ort.InferenceSession.create(job.model, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const values = read(job);
  const [count, ...extents] = job.shape;
  const size = extents.reduce((product, extent) => product * extent, 1);
  const batch = job.batch || count;
  const parts = [];
  for (let first = 0; first < count; first += batch) {
    const n = Math.min(batch, count - first);
    const image = values.subarray(first * size, (first + n) * size);
    const feeds = { image: new ort.Tensor("float32", image, [n, ...extents]) };
    if (job.tokens) {
      const said = read({ input: job.tokens }).subarray(first * job.steps, (first + n) * job.steps);
      feeds[session.inputNames[1]] = new ort.Tensor("float32", said, [n, job.steps]);
    }
    const results = await session.run(feeds);
    const { data } = results.probabilities;
    parts.push(Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)));
  }
  fs.writeFileSync(job.output, Buffer.concat(parts));
  await session.release();
}

async function main() {
  const lines = fs.readFileSync(process.argv[2], "utf8").split("\n");
  for (const line of lines) {
    if (!line) continue;
    const job = JSON.parse(line);
    try {
      await run(job);
    } catch (error) {
      console.log(`${job.model}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

main();
