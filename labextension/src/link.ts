import type { Kernel, ServiceManager, Session } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import { TARGET, type IArgs, type IClustersEvent, type IDetailsEvent, type IHello, type Message } from './protocol';

/** The type of the session that holds the panel's kernel: pages find it by that. */
const SESSION = 'gopar-clusters';

/** The kernelspec that `gopar install` writes. */
const KERNEL = 'gopar';

/** Milliseconds that a new kernel may take to answer. */
const PATIENCE = 30_000;

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
  constructor(private services: ServiceManager.IManager) {}

  /** What the kernel said last; undefined before it said anything. */
  clusters: IClustersEvent | undefined;

  /** What it said of itself. */
  hello: IHello = { cores: 1, launchers: ['local'] };

  /** Why there is no connection, in words; '' while there is one or one is being made. */
  problem = '';

  connected = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get detailed(): ISignal<this, IDetailsEvent> {
    return this._detailed;
  }

  /** Connects unless that was done. */
  async open(): Promise<void> {
    if (!this.opening) {
      this.opening = this.connect().catch(error => {
        this.opening = undefined;
        this.problem = text(error);
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
    comm.onClose = () => this.lost('This gopar kernel does not know the clusters panel. Restart the server, or reinstall gopar.');
    this.comm = comm;
    comm.open({}).dispose();
    this.hello = (await within(PATIENCE, this.request('hello', {}))) as IHello;
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
    }
  }

  private onConnection(_: Kernel.IKernelConnection, status: Kernel.ConnectionStatus): void {
    if (status === 'disconnected') {
      this.lost('');
    } else if (status === 'connected' && this.connected) {
      this.request('hello', {}).catch(() => undefined); // what changed meanwhile comes as an event
    }
  }

  private lost(problem: string): void {
    if (!this.session) {
      return;
    }
    const session = this.session;
    session.kernel?.statusChanged.disconnect(this.onStatus, this);
    session.kernel?.connectionStatusChanged.disconnect(this.onConnection, this);
    this.session = undefined;
    this.comm = undefined;
    this.connected = false;
    this.opening = undefined;
    this.problem = problem;
    for (const w of this.waiting.values()) {
      w.reject(new Error('The gopar kernel of the panel has ended; the clusters go on. Try again.'));
    }
    this.waiting.clear();
    session.dispose();
    this._changed.emit();
    this.retry();
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
  private timer = 0;
  private _wanted = false;
  private _changed = new Signal<this, void>(this);
  private _detailed = new Signal<this, IDetailsEvent>(this);
}

/** The text of whatever was thrown. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(() => reject(new Error('The gopar kernel does not answer.')), ms);
    promise.then(resolve, reject).finally(() => window.clearTimeout(timer));
  });
}
