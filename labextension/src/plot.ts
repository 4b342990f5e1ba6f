import { element, setText } from './element';

/** Points of a plot: a minute. */
const POINTS = 60;

const SVG = 'http://www.w3.org/2000/svg';

/** A small plot of the last minute under a title and the value of now. */
export class Plot {
  readonly node: HTMLElement;

  /**
   * @param title Of the plot, for people.
   * @param show Writes a value with its unit.
   * @param least The largest value that is drawn, if there is no larger one.
   */
  constructor(
    private title: string,
    private show: (value: number) => string,
    private least: number
  ) {
    this.svg.setAttribute('viewBox', `0 0 ${POINTS - 1} 24`);
    this.svg.setAttribute('preserveAspectRatio', 'none');
    this.svg.setAttribute('role', 'img');
    this.area.setAttribute('class', 'gp-PlotArea');
    this.line.setAttribute('class', 'gp-PlotLine');
    this.svg.append(this.area, this.line);
    this.node = element('div', { className: 'gp-Plot' }, element('div', { className: 'gp-PlotHead' }, element('span', {}, title), this.now), this.svg);
    this.update([]);
  }

  /** Shows values, the last of which is now, and beside that something else that belongs there. */
  update(values: number[], beside = ''): void {
    const now = values[values.length - 1] ?? 0;
    const most = Math.max(0, ...values);
    setText(this.now, [this.show(now), beside].filter(Boolean).join(' · '));
    const told = `${this.title} in the last minute: now ${this.show(now)}, at most ${this.show(most)}`;
    this.svg.setAttribute('aria-label', told);
    this.node.title = told;
    const top = Math.max(most, this.least);
    const points = values.map((v, i) => `${POINTS - values.length + i},${(23 - (22 * v) / top).toFixed(2)}`);
    const first = POINTS - values.length;
    this.line.setAttribute('d', points.length > 1 ? `M${points.join('L')}` : '');
    this.area.setAttribute('d', points.length > 1 ? `M${first},24L${points.join('L')}L${POINTS - 1},24Z` : '');
  }

  private now = element('span', { className: 'gp-PlotNow' });
  private svg = document.createElementNS(SVG, 'svg');
  private area = document.createElementNS(SVG, 'path');
  private line = document.createElementNS(SVG, 'path');
}

/** Writes a number of bytes. */
export function bytes(n: number): string {
  if (n >= 10 * 2 ** 30) {
    return `${Math.round(n / 2 ** 30)} GB`;
  }
  return n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(1)} GB` : `${Math.round(n / 2 ** 20)} MB`;
}
