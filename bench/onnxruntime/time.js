// Times ONNX Runtime's answers:
//
//     node time.js MODEL.onnx PIXELS BATCH THREADS SECONDS
//
// PIXELS is a file of images as bytes, one after another. Each call answers the next BATCH of them; they
// are float32 tensors before the time is taken. Prints one JSON object: the median, in ms.
"use strict";
const fs = require("fs");
const { performance } = require("perf_hooks");
const ort = require("onnxruntime-node");

const WARMUP_CALLS = 5;
const MAX_TENSORS = 200;

async function main() {
  const [model, file, batchText, threadsText, secondsText] = process.argv.slice(2);
  const batch = Number(batchText);
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: Number(threadsText),
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: "1" } }, // weft does so, too
  });
  const extents = session.inputMetadata[0].shape.slice(1);
  const size = extents.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from(fs.readFileSync(file));
  const feeds = [];
  for (let at = 0; at + batch * size <= values.length && feeds.length < MAX_TENSORS; at += batch * size)
    feeds.push({ image: new ort.Tensor("float32", values.slice(at, at + batch * size), [batch, ...extents]) });
  for (let i = 0; i < WARMUP_CALLS; i++) await session.run(feeds[i % feeds.length]);
  const times = [];
  const end = performance.now() + Number(secondsText) * 1000;
  while (performance.now() < end || times.length === 0) {
    const feed = feeds[times.length % feeds.length];
    const start = performance.now();
    await session.run(feed);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ ms: times[times.length >> 1], min_ms: times[0], calls: times.length }));
}

main();
