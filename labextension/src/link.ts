import type { Kernel, ServiceManager, Session } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import { TARGET, type IArgs, type IClustersEvent, type IHello, type Inside, type Message } from './protocol';

/** The type of the session that holds the panel's kernel: pages find it by that. */
const SESSION = 'gopar-clusters';

/** The kernelspec that `gopar install` writes. */
const KERNEL = 'gopar';

/**
 * Milliseconds that a kernel may take to answer, the first and the longest time: one that is being restarted never answers what
 * it was asked before, and a new one on a busy machine takes long.
 */
const PATIENCE = [3_000, 30_000];

/** Attempts without an answer after which the user is told. */
const TELL_AFTER = 3;

/** Milliseconds before a lost connection is tried again, the first and the longest time. */
const RETRY = [300, 10_000];

interface IWaiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * The connection to a gopar kernel that knows the clusters. The kernel is an ordinary one in a session of its own, used by
 * all pages; when it is gone another one takes its place, and sees the same clusters.
 */
export class Link {
  constructor(private services: ServiceManager.IManager) {
    // The page looks at its server's kernels by itself. A restart by somebody else shows in nothing else.
    services.kernels.runningChanged.connect(() => {
      if (this.connected) {
        void this.probe();
      }
    });
  }

  /** What the kernel said last; undefined before it said anything. */
  clusters: IClustersEvent | undefined;

  /** What it said of itself. */
  hello: IHello = { cores: 1, launchers: [], profiles: [], dir: '', problem: '' };

  /** Why there is no connection, in words; '' while there is one or one is being made. */
  problem = '';

  connected = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get detailed(): ISignal<this, Inside> {
    return this._detailed;
  }

  /** Connects unless that was done. */
  async open(): Promise<void> {
    if (!this.opening) {
      this.opening = this.connect().catch(error => {
        this.drop();
        this.problem = error instanceof Late && this.tries < TELL_AFTER ? '' : text(error);
        this._changed.emit();
        this.retry();
      });
    }
    return this.opening;
  }

  /** Keeps the connection alive while wanted. */
  set wanted(on: boolean) {
    this._wanted = on;
    if (on && !this.opening) {
      void this.open();
    }
  }

  /** Asks the kernel to do something; what it says went wrong is the error. */
  async ask(op: string, args: IArgs = {}): Promise<unknown> {
    await this.open();
    if (!this.comm) {
      throw new Error(this.problem || 'There is no connection to a gopar kernel.');
    }
    return this.request(op, args);
  }

  /** Asks anew what it says of itself: profiles and launchers come and go. */
  async refresh(): Promise<IHello> {
    this.hello = (await this.ask('hello')) as IHello;
    return this.hello;
  }

  private request(op: string, args: IArgs): Promise<unknown> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // The kernel sends neither busy nor idle for these messages, which is what would end the future.
      this.comm!.send({ id, op, args: args as {} }).dispose();
    });
  }

  private async connect(): Promise<void> {
    this.problem = '';
    this._changed.emit();
    const { sessions, kernelspecs } = this.services;
    await Promise.all([sessions.ready, kernelspecs.ready]);
    await sessions.refreshRunning();
    const options = { kernelConnectionOptions: { handleComms: true } };
    let session: Session.ISessionConnection | undefined;
    for (const model of sessions.running()) {
      if (model.type === SESSION && model.kernel && model.kernel.execution_state !== 'dead') {
        session = sessions.connectTo({ model, ...options });
        break;
      }
    }
    if (!session) {
      if (!kernelspecs.specs?.kernelspecs[KERNEL]) {
        await kernelspecs.refreshSpecs();
      }
      if (!kernelspecs.specs?.kernelspecs[KERNEL]) {
        throw new Error('No kernel "gopar" is installed for this Jupyter server. On the machine it runs on, type: gopar install');
      }
      session = await sessions.startNew({ name: 'Go clusters', path: SESSION, type: SESSION, kernel: { name: KERNEL } }, options);
    }
    const kernel = session.kernel;
    if (!kernel) {
      throw new Error('The session of the panel has no kernel.');
    }
    this.session = session;
    kernel.statusChanged.connect(this.onStatus, this);
    kernel.connectionStatusChanged.connect(this.onConnection, this);
    const comm = kernel.createComm(TARGET);
    comm.onMsg = msg => this.receive(msg.content.data as unknown as Message);
    // A kernel that was connected does not know the comm any more when it was restarted.
    comm.onClose = () =>
      this.lost(this.connected ? '' : 'This gopar kernel does not know the clusters panel. Restart the server, or reinstall gopar.');
    this.comm = comm;
    comm.open({}).dispose();
    this.hello = (await within(Math.min(PATIENCE[0] * 2 ** this.tries, PATIENCE[1]), this.request('hello', {}))) as IHello;
    this.connected = true;
    this.tries = 0;
    this._changed.emit();
  }

  private receive(m: Message): void {
    if ('event' in m) {
      if (m.event === 'clusters') {
        this.clusters = m;
        this._changed.emit();
      } else {
        this._detailed.emit(m);
      }
      return;
    }
    const waiting = this.waiting.get(m.re);
    this.waiting.delete(m.re);
    if (m.error) {
      waiting?.reject(new Error(m.error));
    } else {
      waiting?.resolve(m.result);
    }
  }

  private onStatus(_: Kernel.IKernelConnection, status: Kernel.Status): void {
    if (['dead', 'restarting', 'autorestarting', 'terminating'].includes(status)) {
      this.lost('');
    } else if (this.connected) {
      void this.probe();
    }
  }

  /** Makes sure that the kernel still knows this page: it may have been restarted. What changed meanwhile comes as an event. */
  private async probe(): Promise<void> {
    const { session } = this;
    if (this.probing || !session) {
      return;
    }
    this.probing = true;
    try {
      await within(PATIENCE[0], this.request('hello', {}));
    } catch (error) {
      if (error instanceof Late && session === this.session) {
        this.lost('');
      }
    } finally {
      this.probing = false;
    }
  }

  private onConnection(_: Kernel.IKernelConnection, status: Kernel.ConnectionStatus): void {
    if (status === 'disconnected') {
      this.lost('');
    } else if (status === 'connecting' && this.connected) {
      void this.verify();
    } else if (status === 'connected' && this.connected) {
      void this.probe();
    }
  }

  /** Gives the session up if the server has it no more: reconnecting to it would be tried for long. */
  private async verify(): Promise<void> {
    const { session } = this;
    try {
      await this.services.sessions.refreshRunning();
    } catch {
      return; // the server itself is gone: the connection comes back with it
    }
    if (session && session === this.session && ![...this.services.sessions.running()].some(m => m.id === session.id)) {
      this.lost('');
    }
  }

  private lost(problem: string): void {
    if (!this.session) {
      return;
    }
    this.drop();
    this.problem = problem;
    this._changed.emit();
    this.retry();
  }

  /** Forgets the connection. */
  private drop(): void {
    const { session } = this;
    session?.kernel?.statusChanged.disconnect(this.onStatus, this);
    session?.kernel?.connectionStatusChanged.disconnect(this.onConnection, this);
    this.session = undefined;
    this.comm = undefined;
    this.connected = false;
    this.opening = undefined;
    for (const w of this.waiting.values()) {
      w.reject(new Error('The gopar kernel of the panel has ended; the clusters go on. Try again.'));
    }
    this.waiting.clear();
    session?.dispose();
  }

  private retry(): void {
    if (!this._wanted || this.timer) {
      return;
    }
    const pause = Math.min(RETRY[0] * 2 ** this.tries++, RETRY[1]);
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.open();
    }, pause);
  }

  private session: Session.ISessionConnection | undefined;
  private comm: Kernel.IComm | undefined;
  private opening: Promise<void> | undefined;
  private waiting = new Map<number, IWaiting>();
  private last = 0;
  private tries = 0;
  private probing = false;
  private timer = 0;
  private _wanted = false;
  private _changed = new Signal<this, void>(this);
  private _detailed = new Signal<this, Inside>(this);
}

/** The text of whatever was thrown. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** There was no answer in time. */
class Late extends Error {}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => reject(new Late('The gopar kernel does not answer.')), ms);
    promise.then(resolve, reject).finally(() => window.clearTimeout(timer));
  });
}
