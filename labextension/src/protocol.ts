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
  queue: number;
  done: number;
}

export interface ILog {
  path: string;
  lines: string[];
}

/** What is told when anything has changed. */
export interface IClustersEvent {
  event: 'clusters';
  clusters: ICluster[];
  launchers: string[];
  error: string;
}

/** What is told of clusters that were opened. */
export interface IDetailsEvent {
  event: 'details';
  key: string;
  engines: IEngine[];
  waiting: number;
  logs: ILog[];
}

export interface IReply {
  re: number;
  result?: unknown;
  error?: string;
}

export type Message = IClustersEvent | IDetailsEvent | IReply;

/** The arguments of the operations. */
export interface IArgs {
  key?: string;
  id?: string;
  profile?: string;
  n?: number;
  /** One engine process; without it all. */
  index?: number;
  launcher?: string;
  open?: boolean;
}

export interface IHello {
  cores: number;
  launchers: string[];
}
