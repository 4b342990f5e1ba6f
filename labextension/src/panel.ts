import type { INotebookTracker } from '@jupyterlab/notebook';
import { addIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { type Action, Card, name } from './card';
import { askNew, askScale, confirm } from './dialogs';
import { element, setText } from './element';
import { draggable, insert } from './insert';
import { type Link, text } from './link';
import type { IArgs, ICluster } from './protocol';

/** What the user has set. */
export interface ISettings {
  engines: number;
  launcher: string;
  autoConnect: boolean;
}

/** The "Go clusters" side panel. */
export class ClustersPanel extends Widget {
  settings: ISettings = { engines: 0, launcher: 'local', autoConnect: false };

  constructor(
    private link: Link,
    private tracker: INotebookTracker
  ) {
    super();
    this.addClass('gp-Panel');
    const add = element('button', { className: 'gp-Button gp-mod-new', type: 'button', title: 'Start a new cluster' });
    add.append(addIcon.element({ tag: 'span', elementSize: 'normal' }), element('span', {}, 'New'));
    add.setAttribute('aria-label', 'New cluster');
    add.addEventListener('click', () => void this.create());
    this.message.setAttribute('role', 'status');
    this.errors.setAttribute('role', 'alert');
    this.list.setAttribute('aria-label', 'Clusters');
    this.node.append(element('div', { className: 'gp-Toolbar' }, element('h2', {}, 'Go clusters'), add), this.errors, this.message, this.list);
    link.changed.connect(this.refresh, this);
    link.detailed.connect((_, d) => this.cards.get(d.key)?.inside(d));
    this.refresh();
  }

  /** Starts a cluster after asking what it should be like. */
  async create(): Promise<void> {
    await this.link.open();
    const args = await askNew(this.settings.engines || this.link.hello.cores, this.link.hello.launchers, this.settings.launcher);
    if (args) {
      await this.perform('new', args, args.id || 'default');
    }
  }

  /** The clusters that are known. */
  get clusters(): ICluster[] {
    return this.link.clusters?.clusters ?? [];
  }

  /** Inserts code for the only cluster, or the first that runs. */
  insertFirst(): void {
    const c = this.clusters.find(c => c.state === 'running') ?? this.clusters[0];
    if (c) {
      insert(c, this.tracker);
    }
  }

  /** Connects although the panel was not shown yet. */
  connect(): void {
    this.link.wanted = true;
  }

  protected onAfterShow(_: Message): void {
    this.link.wanted = true;
  }

  protected onAfterAttach(_: Message): void {
    this.link.wanted = this.isVisible;
  }

  private async act(card: Card, action: Action): Promise<void> {
    const c = card.cluster;
    switch (action) {
      case 'insert':
        return insert(c, this.tracker);
      case 'scale': {
        const n = await askScale(name(c), c.want);
        return n === undefined ? undefined : this.perform('scale', { key: c.key, n }, name(c));
      }
      case 'stop':
      case 'restart':
      case 'delete': {
        const runs = c.ready > 0 && !c.busy;
        const verb = action[0].toUpperCase() + action.slice(1);
        if (runs && !(await confirm(`${verb} ${name(c)}?`, 'What its engines hold and the tasks that run are lost.', verb))) {
          return;
        }
      }
    }
    return this.perform(action, { key: c.key }, name(c));
  }

  /** Asks the kernel, and shows what went wrong until it is dismissed. */
  private async perform(op: string, args: IArgs, what: string): Promise<void> {
    try {
      await this.link.ask(op, args);
    } catch (error) {
      const close = element('button', { type: 'button', className: 'gp-Button', ariaLabel: 'Dismiss' }, '×');
      const node = element('div', { className: 'gp-Error' }, close, element('strong', {}, `${op} ${what}`), element('pre', {}, text(error)));
      close.addEventListener('click', () => node.remove());
      this.errors.replaceChildren(node);
    }
  }

  private refresh(): void {
    const said = this.link.clusters;
    if (this.link.connected && !this.wasConnected) {
      for (const card of this.cards.values()) {
        this.details(card.cluster.key, card.open);
      }
    }
    this.wasConnected = this.link.connected;
    const seen = new Set<string>();
    for (const c of said?.clusters ?? []) {
      seen.add(c.key);
      let card = this.cards.get(c.key);
      if (!card) {
        card = new Card(c, {
          act: action => void this.act(card!, action),
          engine: (op, index) => void this.perform(op, { key: c.key, index }, `an engine of ${name(c)}`),
          toggled: open => this.details(c.key, open)
        });
        draggable(card.head, () => card!.cluster, this.tracker);
        this.cards.set(c.key, card);
      }
      card.update(c);
      const place = seen.size - 1;
      if (this.list.children[place] !== card.node) {
        this.list.insertBefore(card.node, this.list.children[place] ?? null);
      }
    }
    for (const [key, card] of this.cards) {
      if (!seen.has(key)) {
        card.node.remove();
        this.cards.delete(key);
      }
    }
    let message = this.link.problem || said?.error || '';
    if (!message && !this.link.connected) {
      message = 'Connecting to a gopar kernel …';
    } else if (!message && !this.cards.size) {
      message = 'No clusters. Start one with New, or with: gopar cluster start -n 4';
    }
    setText(this.message, message);
    this.message.hidden = !message;
  }

  private details(key: string, open: boolean): void {
    if (this.link.connected) {
      this.link.ask('details', { key, open }).catch(() => undefined); // a lost connection shows by itself
    }
  }

  private wasConnected = false;
  private cards = new Map<string, Card>();
  private list = element('ul', { className: 'gp-List' });
  private message = element('div', { className: 'gp-Message' });
  private errors = element('div');
}
