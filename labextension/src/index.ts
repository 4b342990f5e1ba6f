// The "Go clusters" panel: what JupyterLab and Notebook are told of it.

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Action } from './card';
import { clustersIcon } from './icons';
import { Link } from './link';
import { ClustersPanel, type ISettings } from './panel';

const ID = '@gopar-project/clusters:plugin';

/** What can be done to a cluster from the palette. */
const ACTIONS: [Action, string][] = [
  ['insert', 'Insert Code That Connects to the Go Cluster'],
  ['start', 'Start Go Cluster…'],
  ['scale', 'Scale Go Cluster…'],
  ['restart', 'Restart Engines of Go Cluster…'],
  ['stop', 'Stop Go Cluster…'],
  ['delete', 'Delete Go Cluster…']
];

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Starts, shows and stops clusters of gopar engines.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null
  ) => {
    const panel = new ClustersPanel(new Link(app.serviceManager), tracker);
    panel.id = 'gopar-clusters';
    panel.title.icon = clustersIcon;
    panel.title.caption = 'Go clusters';
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', 'Go clusters');
    const shell = labShell ?? app.shell;
    shell.add(panel, 'left', { rank: 550 });
    restorer?.add(panel, panel.id);

    const { commands } = app;
    const show = 'gopar:show-clusters';
    const create = 'gopar:new-cluster';
    commands.addCommand(show, { label: 'Show Go Clusters', execute: () => shell.activateById(panel.id) });
    commands.addCommand(create, {
      label: 'New Go Cluster…',
      execute: () => {
        shell.activateById(panel.id);
        return panel.create();
      }
    });
    const all = [show, create];
    for (const [action, label] of ACTIONS) {
      const id = `gopar:${action === 'insert' ? 'insert-client-code' : `${action}-cluster`}`;
      all.push(id);
      commands.addCommand(id, {
        label,
        isEnabled: () => panel.able(action).length > 0 && (action !== 'insert' || tracker.currentWidget !== null),
        execute: () => panel.actOn(action)
      });
    }
    for (const command of all) {
      palette?.addItem({ command, category: 'Go clusters' });
    }
    registry?.load(ID).then(
      settings => {
        const read = () => {
          panel.settings = settings.composite as unknown as ISettings;
          if (panel.settings.autoConnect) {
            panel.connect();
          }
        };
        read();
        settings.changed.connect(read);
      },
      error => console.error('The settings of the Go clusters panel cannot be read; it uses its defaults.', error)
    );
  }
};

export default plugin;
