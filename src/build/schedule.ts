/** Runs tasks beside each other, each after those that it needs. */

export type ScheduleOptions<Task> = {
  /** How many may run at once, at least 1. */
  readonly jobs: number;
  /** What a task needs; each of it is a task too, and stands before it in the list. */
  readonly needs: (task: Task) => Iterable<Task>;
  /** Do it; rejects where it fails. It has its slot until it is done, unless it gives it up. */
  readonly run: (task: Task, slot: Slot) => Promise<void>;
  /** Whether to go on with what does not need a task that failed. */
  readonly keepGoing: boolean;
};

/** The right of a task to be one of those that run. */
export type Slot = {
  /** Let another task run, as little is left to do, or something outside is waited for. */
  readonly free: () => void;
  /** Take the slot again if it was given up: waits for one, before tasks that have not started. */
  readonly claim: () => Promise<void>;
};

export type Scheduled<Task> = {
  readonly failed: ReadonlyMap<Task, unknown>;
  /** What was not tried, because something that it needs failed or nothing more was to be started. */
  readonly skipped: readonly Task[];
};

/**
 * Run tasks, given in an order in which none comes before what it needs. Of those that could start, the one with
 * the longest chain of tasks behind it goes first, so that the end is not one long chain on one core. Settles
 * when nothing runs any more.
 */
export async function schedule<Task>(
  tasks: readonly Task[],
  { jobs, needs, run, keepGoing }: ScheduleOptions<Task>,
): Promise<Scheduled<Task>> {
  const followers = new Map<Task, Task[]>(tasks.map((task) => [task, []]));
  const open = new Map<Task, number>();
  const ready: Task[] = [];
  for (const task of tasks) {
    let count = 0;
    for (const need of needs(task)) {
      followers.get(need)?.push(task);
      count += 1;
    }
    open.set(task, count);
    if (count === 0) ready.push(task);
  }
  const height = new Map<Task, number>();
  for (const task of tasks.toReversed()) {
    const above = height.get(task) ?? 0;
    for (const need of needs(task)) height.set(need, Math.max(height.get(need) ?? 0, above + 1));
  }
  const byHeight = (a: Task, b: Task) => (height.get(a) ?? 0) - (height.get(b) ?? 0);
  ready.sort(byHeight);

  const failed = new Map<Task, unknown>();
  const done = new Set<Task>();
  let running = 0;
  let unsettled = 0;
  const claims: (() => void)[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const start = (): void => {
    while (running < jobs) {
      const claimed = claims.shift();
      if (claimed !== undefined) {
        running += 1;
        claimed();
        continue;
      }
      const task = keepGoing || failed.size === 0 ? ready.pop() : undefined;
      if (task === undefined) break;
      running += 1;
      unsettled += 1;
      let freed = false;
      const free = () => {
        if (freed) return;
        freed = true;
        running -= 1;
        start();
      };
      const claim = async () => {
        if (!freed) return;
        const { promise: granted, resolve: grant } = Promise.withResolvers<void>();
        claims.push(grant);
        start();
        await granted;
        freed = false;
      };
      const settle = () => {
        unsettled -= 1;
        free();
        if (unsettled === 0) resolve();
      };
      run(task, { free, claim }).then(
        () => {
          done.add(task);
          let fresh = false;
          for (const follower of followers.get(task) ?? []) {
            const left = (open.get(follower) ?? 0) - 1;
            open.set(follower, left);
            if (left > 0) continue;
            ready.push(follower);
            fresh = true;
          }
          if (fresh) ready.sort(byHeight);
          start();
          settle();
        },
        (error: unknown) => {
          failed.set(task, error);
          settle();
        },
      );
    }
  };
  start();
  if (unsettled === 0) resolve();
  await promise;
  return { failed, skipped: tasks.filter((task) => !done.has(task) && !failed.has(task)) };
}
