// What the panel and a gopar kernel say to each other; internal/panel is the other side.

/** The comm target. */
export const TARGET = 'gopar.clusters';

/** A cluster as the kernel describes it. */
export interface ICluster {
  key: string;
  /** '' is the default cluster of its profile. */
  id: string;
  profile: string;
  state: 'starting' | 'running' | 'degraded' | 'broken' | 'stopping' | 'stopped' | 'failed';
  /** Why it is not running, in words. */
  problem: string;
  launcher: string;
  /** Engines that are registered. */
  ready: number;
  /** Engines asked for; 0 if nobody knows. */
  want: number;
  started: string;
  /** What engines wait for, in words. */
  pending: string;
  /** What is being done to it, or ''. */
  busy: string;
  /** A cell that connects to it, in Go and in Python. */
  go: string;
  python: string;
}

export interface IEngine {
  /** -1: not registered. */
  id: number;
  /** Of its process in the cluster; -1: not known. */
  index: number;
  host: string;
  pid: number;
  state: string;
  /** How it ended, or the process before it. */
  reason: string;
  /** How often it was started again. */
  again: number;
  /** What it works on, and when the hub got that. */
  task: string;
  submitted: string;
  queue: number;
  done: number;
  /** Percent of one core; null: not known. */
  cpu: number | null;
  /** Bytes; 0: not known. */
  memory: number;
}

/** How the load of a cluster has developed. */
export interface ITrend {
  /** Tasks finished per second, oldest first, a point a second. */
  rate: number[];
  /** Of all engines, percent of one core; the same times. */
  cpu: number[];
  /** Of all engines, bytes. */
  memory: number;
  /** Tasks since there was nothing to do last, and with those that wait and run. */
  done: number;
  total: number;
}

/** What is told when anything has changed. */
export interface IClustersEvent {
  event: 'clusters';
  clusters: ICluster[];
  error: string;
}

/** What is told of clusters that were opened. */
export interface IDetailsEvent {
  event: 'details';
  key: string;
  engines: IEngine[];
  /** Engines that are not in the list. */
  more: number;
  waiting: number;
  trend: ITrend;
  /** Names of logs. */
  logs: string[];
}

/** The end of the log that is shown. */
export interface ILogEvent {
  event: 'log';
  key: string;
  name: string;
  lines: string[];
}

export interface IReply {
  re: number;
  result?: unknown;
  error?: string;
}

export type Inside = IDetailsEvent | ILogEvent;

export type Message = IClustersEvent | Inside | IReply;

/** The arguments of the operations. */
export interface IArgs {
  key?: string;
  id?: string;
  profile?: string;
  n?: number;
  /** One engine process; without it all. */
  index?: number;
  launcher?: string;
  dir?: string;
  env?: string[];
  restarts?: number;
  curve?: boolean;
  launch?: ILaunch;
  open?: boolean;
  log?: string;
}

/** How a launcher is to run engines; what is left out is for the system to choose. */
export interface ILaunch {
  queue?: string;
  account?: string;
  walltime?: string;
  cpus?: number;
  memory?: string;
  gpus?: string;
  hosts?: string[];
}

/** A way in which engines can be started: a system, or a profile of the configuration file. */
export interface ILauncher {
  name: string;
  /** The system. */
  kind: string;
  title: string;
  /** Engines that the profile asks for; 0: it does not say. */
  engines: number;
}

/** What a page has to know to offer a new cluster. */
export interface IHello {
  cores: number;
  launchers: ILauncher[];
  profiles: string[];
  dir: string;
  /** What is wrong with the configuration file. */
  problem: string;
}
