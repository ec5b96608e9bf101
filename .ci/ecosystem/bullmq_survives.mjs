// A BullMQ worker whose server is killed in the middle and started again: bullmq_survives.mjs PORT FOLDER FILE
// Writes FILE when a third of the jobs is done, and ends when each has been done.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { port, require } from "./checks.mjs";

const { Queue, Worker } = require("bullmq");

const file = process.argv[4];
const queue = new Queue("work", { connection: { port } });
const jobs = Array.from({ length: 30 }, (_, n) => ({ name: "job", data: n }));
await queue.addBulk(jobs);

const done = new Set();
const lock = { lockDuration: 2000, stalledInterval: 500 }; // a job that was lost is found again soon
const worker = new Worker(
  "work",
  async (job) => {
    await pause(20);
    done.add(job.data);
    if (done.size === 10) writeFileSync(file, "");
    return job.data * 2;
  },
  { connection: { port }, ...lock },
);
for (const part of [queue, worker]) part.on("error", () => {}); // while there is no server
let cut = false;
worker.on("ioredis:close", () => (cut = true));

const counts = () => queue.getJobCounts("waiting", "active", "delayed", "completed", "failed");
let left;
do {
  await pause(100);
  left = await counts();
} while (left.completed < jobs.length);

assert.equal(done.size, 30);
assert.deepEqual(left, { waiting: 0, active: 0, delayed: 0, completed: 30, failed: 0 });
const results = (await queue.getCompleted()).map((job) => job.returnvalue);
assert.equal(results.reduce((sum, n) => sum + n), 29 * 30);
assert(cut, "the connection was never cut");
console.log("ok     BullMQ: a worker goes on after its server was killed");
process.exit(0);
