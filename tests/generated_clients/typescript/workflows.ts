// A front-end developer's program: it knows the site by the generated types alone.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.env.SITE!;
const anyone = createClient<paths>({ baseUrl });

/** Return the data of an answer; fail with the problem where there is one. */
async function read<T>(answer: Promise<{ data?: T; error?: Problem; response: Response }>): Promise<T> {
  const { data, error } = await answer;
  if (data === undefined) throw new Error(error ? `${error.title}: ${error.detail}` : "no data");
  return data;
}

async function catalogue(): Promise<number> {
  const list = () => anyone.GET("/api/v1/courses/", { params: { query: { order: "-rating", page_size: 5 } } });
  const first = await list();
  assert.notEqual(first.response.headers.get("X-Cache"), "HIT");
  let cached = await list();
  // On a busy machine a read may bypass the cache.
  for (const began = Date.now(); cached.response.headers.get("X-Cache") !== "HIT"; cached = await list()) {
    assert.ok(Date.now() - began < 60_000, "no hit within a minute");
  }
  assert.deepEqual(first.data, cached.data);
  const { results } = await read(anyone.GET("/api/v1/courses/", { params: { query: { search: "redis" } } }));
  assert.equal(results[0]?.title, "Redis in Practice");
  return results[0].id;
}

async function signIn() {
  const body = { username: "olena", password: process.env.PASSWORD! };
  const { token } = await read(anyone.POST("/api/v1/auth/token/", { body }));
  return createClient<paths>({ baseUrl, headers: { Authorization: `Token ${token}` } });
}

type SignedIn = Awaited<ReturnType<typeof signIn>>;

async function learn(mine: SignedIn, id: number): Promise<void> {
  const params = { path: { id } };
  await read(mine.POST("/api/v1/courses/{id}/enroll/", { params }));
  const early = await mine.POST("/api/v1/courses/{id}/complete/", { params });
  const missing = early.error?.lessons ?? [];
  assert.deepEqual([early.response.status, missing.length], [409, 1]);
  for (const lesson of missing) {
    await read(mine.POST("/api/v1/lessons/{id}/complete/", { params: { path: { id: lesson.id } } }));
  }
  const certificate = await read(mine.POST("/api/v1/courses/{id}/complete/", { params }));
  const uuid = certificate.uuid;
  const shown = await read(anyone.GET("/api/v1/certificates/{uuid}/", { params: { path: { uuid } } }));
  assert.equal(shown.course, "Redis in Practice");
  const { results } = await read(mine.GET("/api/v1/me/enrollments/", { params: { query: { course: id } } }));
  assert.deepEqual([results[0]?.progress, results[0]?.certificate?.uuid], [100, uuid]);
}

async function workInATeam(mine: SignedIn): Promise<void> {
  const list = await read(mine.POST("/api/v1/lists/", { body: { name: "Launch" } }));
  const params = { path: { id: list.id } };
  const { results } = await read(mine.GET("/api/v1/users/", { params: { query: { search: "bor" } } }));
  const username = results[0]!.username;
  const member = await read(mine.POST("/api/v1/lists/{id}/members/", { params, body: { username } }));
  const task = { name: "Write", assigned_to: member.id, deadline: "2030-01-31T09:00:00Z", repeat: "weekly" as const };
  await read(mine.POST("/api/v1/lists/{id}/tasks/", { params, body: task }));
  const query = { status: "pending" as const, overdue: false };
  const page = await read(mine.GET("/api/v1/lists/{id}/tasks/", { params: { ...params, query } }));
  assert.deepEqual(
    page.results.map((each) => [each.name, each.status, each.repeat, each.task_list_name]),
    [["Write", "pending", "weekly", "Launch"]],
  );
}

async function billing(mine: SignedIn): Promise<void> {
  const page = await read(mine.GET("/api/v1/subscriptions/", { params: { query: { price_status: "current" } } }));
  assert.deepEqual([page.total_amount, page.result.length], [225, 1]);
  const { price, price_status, plan, service } = page.result[0]!;
  assert.deepEqual([price, price_status, plan.discount_percent, service.full_price], [225, "current", 10, 250]);
}

async function problems(mine: SignedIn): Promise<void> {
  const taken = await mine.POST("/api/v1/lists/", { body: { name: "launch" } });
  assert.equal(taken.response.headers.get("Content-Type"), "application/problem+json");
  assert.deepEqual([taken.error?.status, Object.keys(taken.error?.errors ?? {})], [400, ["name"]]);
  const unknown = await anyone.GET("/api/v1/me/");
  assert.deepEqual([unknown.error?.status, unknown.error?.title], [401, "Unauthorized"]);
  const read = await mine.GET("/api/v1/me/");
  const stale = { params: { header: { "If-Match": '"another"' } }, body: { first_name: "Olena" } };
  assert.equal((await mine.PATCH("/api/v1/me/", stale)).error?.status, 412);
  const right = { ...stale, params: { header: { "If-Match": read.response.headers.get("ETag")! } } };
  assert.equal((await mine.PATCH("/api/v1/me/", right)).data?.first_name, "Olena");
}

const course = await catalogue();
console.log("catalogue");
const mine = await signIn();
await learn(mine, course);
console.log("course");
await workInATeam(mine);
console.log("team");
await billing(mine);
console.log("billing");
await problems(mine);
console.log("problems");
