// BullMQ against a server, as its manual shows it. Arguments: see checks.mjs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { port, require, run } from "./checks.mjs";

const Redis = require("ioredis");
const { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } = require("bullmq");

// The parts of one check; whatever it opened is closed after it.
class Parts {
  client = new Redis({ port });
  opened = [];

  open(Kind, ...args) {
    const options = Kind === FlowProducer ? {} : args.pop();
    const part = new Kind(...args, { connection: { port }, ...options });
    part.on("error", () => {}); // connections that are cut while they close
    this.opened.push(part);
    return part;
  }

  queue = (options = {}) => this.open(Queue, "work", options);
  flows = () => this.open(FlowProducer);

  async worker(process, options = {}) {
    const worker = this.open(Worker, "work", process, options);
    await worker.waitUntilReady();
    return worker;
  }

  // Everything that happens in the queue, from the beginning.
  async events() {
    const events = this.open(QueueEvents, "work", { lastEventId: "0-0" });
    await events.waitUntilReady();
    return events;
  }

  async close() {
    await Promise.all(this.opened.map((part) => part.close()));
    this.client.disconnect();
  }
}

// The first arguments of an event, as often as it is asked for.
function happens(emitter, event, times = 1) {
  return new Promise((resolve) => {
    const seen = [];
    const listen = (first) => {
      if (seen.push(first) < times) return;
      emitter.off(event, listen);
      resolve(seen);
    };
    emitter.on(event, listen);
  });
}

const names = (jobs) => jobs.map((job) => job.name);

const checks = {
  async "jobs are done in order"(parts) {
    const [queue, events] = [parts.queue(), await parts.events()];
    const jobs = await queue.addBulk(["a", "b", "c"].map((name, n) => ({ name, data: { n } })));
    assert.deepEqual(jobs.map((job) => job.id), ["1", "2", "3"]);
    assert.equal(await jobs[0].getState(), "waiting");
    const done = [];
    await parts.worker(async (job) => done.push(job.name) && { double: job.data.n * 2 });
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
    assert.deepEqual(results, [{ double: 0 }, { double: 2 }, { double: 4 }]);
    assert.deepEqual(done, ["a", "b", "c"]);
    assert.deepEqual(await queue.getJobCounts("waiting", "active", "completed", "failed"), {
      waiting: 0,
      active: 0,
      completed: 3,
      failed: 0,
    });
  },

  async "a worker waits for jobs"(parts) {
    const queue = parts.queue();
    const worker = await parts.worker(async (job) => job.data);
    for (const n of [1, 2, 3]) {
      const completed = happens(worker, "completed");
      await pause(20); // long enough for the worker to block
      await queue.add("late", n);
      assert.equal((await completed)[0].returnvalue, n);
    }
  },

  async "delayed jobs"(parts) {
    const queue = parts.queue();
    const worker = await parts.worker(async () => Date.now());
    const completed = happens(worker, "completed", 2);
    await queue.add("later", null, { delay: 300 });
    const soon = await queue.add("much later", null, { delay: 60_000 });
    assert.deepEqual(names(await queue.getDelayed()), ["later", "much later"]);
    await soon.promote();
    const jobs = await completed;
    assert.deepEqual(names(jobs), ["much later", "later"]);
    assert(jobs[1].returnvalue - jobs[1].timestamp >= 300);
  },

  async "retries with backoff"(parts) {
    const [queue, events] = [parts.queue(), await parts.events()];
    const times = [];
    await parts.worker(async (job) => {
      times.push(Date.now());
      if (job.attemptsMade < 2) throw new Error(`attempt ${job.attemptsMade}`);
      return "at last";
    });
    const backoff = { type: "exponential", delay: 50 };
    const job = await queue.add("flaky", null, { attempts: 3, backoff });
    assert.equal(await job.waitUntilFinished(events), "at last");
    assert(times[1] - times[0] >= 50 && times[2] - times[1] >= 100, `${times}`);
    assert.equal((await queue.getJob(job.id)).attemptsMade, 3);
  },

  async "jobs that fail"(parts) {
    const [queue, events] = [parts.queue(), await parts.events()];
    let mended = false;
    await parts.worker(async () => {
      if (!mended) throw new UnrecoverableError("out of order");
      return "mended";
    });
    const job = await queue.add("broken", null, { attempts: 5 });
    await assert.rejects(job.waitUntilFinished(events), /out of order/);
    const [failed] = await queue.getFailed();
    assert.equal(failed.failedReason, "out of order");
    assert.equal(failed.stacktrace.length, 1);
    mended = true;
    const completed = once(events, "completed");
    await failed.retry();
    assert.equal((await completed)[0].returnvalue, "mended");
    assert.equal(await queue.getFailedCount(), 0);
  },

  async "priorities"(parts) {
    const queue = parts.queue();
    for (const priority of [30, 1, 2, 1]) await queue.add(`${priority}`, null, { priority });
    await queue.add("first of all", null);
    const last = await queue.add("30", null, { priority: 30 });
    await last.changePriority({ priority: 2 });
    assert.deepEqual(await queue.getCountsPerPriority([1, 2, 30]), { 1: 2, 2: 2, 30: 1 });
    const worker = await parts.worker(async () => {});
    const done = names(await happens(worker, "completed", 6));
    assert.deepEqual(done, ["first of all", "1", "1", "2", "30", "30"]);
  },

  async "last in, first out"(parts) {
    const queue = parts.queue();
    for (const name of ["a", "b", "c"]) await queue.add(name, null, { lifo: true });
    const worker = await parts.worker(async () => {});
    assert.deepEqual(names(await happens(worker, "completed", 3)), ["c", "b", "a"]);
  },

  async "a job scheduler"(parts) {
    const queue = parts.queue();
    const worker = await parts.worker(async (job) => job.data.n);
    const completed = happens(worker, "completed", 3);
    await queue.upsertJobScheduler("tick", { every: 100, limit: 3 }, { name: "tock", data: { n: 7 } });
    await queue.upsertJobScheduler("nightly", { pattern: "0 0 3 * * *" });
    assert.equal(await queue.getJobSchedulersCount(), 2);
    const [nightly] = (await queue.getJobSchedulers()).filter(({ key }) => key === "nightly");
    assert.equal(nightly.pattern, "0 0 3 * * *");
    const jobs = await completed;
    assert.deepEqual(names(jobs), ["tock", "tock", "tock"]);
    assert.deepEqual(jobs.map((job) => job.returnvalue), [7, 7, 7]);
    assert.equal(await queue.removeJobScheduler("nightly"), true);
    assert.equal(await queue.getJobScheduler("nightly"), undefined);
  },

  async "a rate limit"(parts) {
    const queue = parts.queue();
    await queue.addBulk(Array.from({ length: 5 }, (_, n) => ({ name: `${n}`, data: null })));
    const limiter = { max: 2, duration: 250 };
    const worker = await parts.worker(async () => Date.now(), { limiter });
    const times = (await happens(worker, "completed", 5)).map((job) => job.returnvalue);
    assert(times[4] - times[0] >= 300, `${times}`); // two windows, less what the first job was late
  },

  async "flows of parents and children"(parts) {
    const queue = parts.queue();
    const order = [];
    const worker = await parts.worker(async (job) => {
      order.push(job.name);
      const children = Object.values(await job.getChildrenValues());
      return children.reduce((sum, n) => sum + n, job.data);
    });
    const completed = happens(worker, "completed", 4);
    const child = (name, data, children) => ({ name, data, queueName: "work", children });
    const tree = await parts.flows().add(
      child("root", 100, [child("middle", 10, [child("leaf", 1)]), child("other leaf", 1000)]),
    );
    assert.equal((await completed).at(-1).returnvalue, 1111);
    assert.equal(order.at(-1), "root");
    assert(order.indexOf("leaf") < order.indexOf("middle"));
    const root = await queue.getJob(tree.job.id);
    assert.equal(Object.keys((await root.getDependencies()).processed).length, 2);
  },

  async "a parent fails with its child"(parts) {
    const queue = parts.queue();
    const worker = await parts.worker(async () => Promise.reject(new Error("no")));
    const failed = happens(worker, "failed");
    const { job } = await parts.flows().add({
      name: "parent",
      queueName: "work",
      children: [{ name: "child", queueName: "work", opts: { failParentOnFailure: true } }],
    });
    await failed;
    while ((await job.getState()) !== "failed") await pause(10);
    assert.match((await queue.getJob(job.id)).failedReason, /child .* failed/);
  },

  async "events"(parts) {
    const [queue, events] = [parts.queue(), await parts.events()];
    const seen = [];
    const names = ["added", "waiting", "active", "progress", "completed", "drained"];
    for (const name of names) events.on(name, () => seen.push(name));
    const drained = once(events, "drained");
    const job = await queue.add("told of", null);
    await parts.worker(async (job) => {
      await job.updateProgress(50);
      await job.log("half of it");
    });
    await drained;
    assert.deepEqual(seen, names);
    assert.deepEqual(await queue.getJobLogs(job.id), { logs: ["half of it"], count: 1 });
    await queue.trimEvents(0);
    assert.equal(await parts.client.xlen("bull:work:events"), 0);
  },

  async "concurrency"(parts) {
    const queue = parts.queue();
    await queue.addBulk(Array.from({ length: 20 }, () => ({ name: "slow", data: null })));
    let [now, most] = [0, 0];
    const process = async () => {
      most = Math.max(most, ++now);
      await pause(20);
      now -= 1;
    };
    const worker = await parts.worker(process, { concurrency: 4 });
    await happens(worker, "completed", 20);
    assert.equal(most, 4);
  },

  async "two workers share the jobs"(parts) {
    const queue = parts.queue();
    const done = [];
    const process = (name) => async (job) => {
      done.push([name, job.id]);
      await pause(5);
    };
    const workers = [await parts.worker(process("a")), await parts.worker(process("b"))];
    const drained = new Promise((resolve) => {
      for (const worker of workers) worker.on("completed", () => done.length === 40 && resolve());
    });
    await queue.addBulk(Array.from({ length: 40 }, () => ({ name: "shared", data: null })));
    await drained;
    assert.equal(new Set(done.map(([, id]) => id)).size, 40);
    assert.equal(new Set(done.map(([name]) => name)).size, 2);
  },

  async "pause and resume"(parts) {
    const queue = parts.queue();
    await queue.pause();
    assert.equal(await queue.isPaused(), true);
    const worker = await parts.worker(async () => {});
    const completed = happens(worker, "completed");
    await queue.add("held", null);
    assert.equal(await Promise.race([completed, pause(200, "nothing")]), "nothing");
    await queue.resume();
    assert.deepEqual(names(await completed), ["held"]);
  },

  async "a worker closes gracefully"(parts) {
    const queue = parts.queue();
    let finished = false;
    const worker = await parts.worker(async () => {
      await pause(200);
      finished = true;
    });
    const active = happens(worker, "active");
    const job = await queue.add("slow", null);
    await queue.add("left", null);
    await active;
    await worker.close();
    assert.equal(finished, true);
    assert.equal(await job.getState(), "completed");
    assert.deepEqual(names(await queue.getWaiting()), ["left"]);
  },

  async "a stalled job is taken over"(parts) {
    const queue = parts.queue();
    const never = async () => new Promise(() => {});
    const lost = await parts.worker(never, { lockDuration: 300, skipStalledCheck: true });
    const active = happens(lost, "active");
    const job = await queue.add("orphan", null);
    await active;
    await lost.close(true); // its lock is never renewed
    assert.equal(await job.getState(), "active");
    const heir = await parts.worker(async () => "taken over", { stalledInterval: 100 });
    const stalled = happens(heir, "stalled");
    assert.equal((await happens(heir, "completed"))[0].returnvalue, "taken over");
    assert.deepEqual(await stalled, [job.id]);
  },

  async "deduplication"(parts) {
    const queue = parts.queue();
    const deduplication = { id: "once", ttl: 200 };
    const first = await queue.add("a", null, { deduplication });
    assert.equal((await queue.add("b", null, { deduplication })).id, first.id);
    await pause(250);
    assert.notEqual((await queue.add("c", null, { deduplication })).id, first.id);
    await queue.add("named", null, { jobId: "mine" });
    await queue.add("named again", null, { jobId: "mine" });
    assert.deepEqual(names(await queue.getWaiting()).sort(), ["a", "c", "named"]);
  },

  async "finished jobs are removed"(parts) {
    const queue = parts.queue({ defaultJobOptions: { removeOnComplete: 2 } });
    await queue.addBulk(["a", "b", "c", "d"].map((name) => ({ name, data: null })));
    const worker = await parts.worker(async () => {});
    await happens(worker, "completed", 4);
    assert.deepEqual(names(await queue.getCompleted()), ["d", "c"]);
    assert.equal((await queue.clean(0, 100, "completed")).length, 2);
    assert.equal(await queue.getCompletedCount(), 0);
  },

  async "drain and obliterate"(parts) {
    const queue = parts.queue();
    await queue.addBulk(Array.from({ length: 50 }, () => ({ name: "many", data: "x" })));
    await queue.add("delayed", null, { delay: 60_000 });
    await queue.drain();
    assert.deepEqual(await queue.getJobCounts("waiting", "delayed"), { waiting: 0, delayed: 1 });
    await queue.obliterate();
    assert.deepEqual(await parts.client.keys("bull:work:*"), []);
  },
};

await run("BullMQ", checks, {
  async open() {
    const parts = new Parts();
    await parts.client.flushall();
    return [parts];
  },
  close: (parts) => parts.close(),
});
