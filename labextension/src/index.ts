// The "Go clusters" panel: what JupyterLab and Notebook are told of it.

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { LabIcon } from '@jupyterlab/ui-components';

import clusters from '../style/clusters.svg';
import { Link } from './link';
import { ClustersPanel, type ISettings } from './panel';

const ID = '@gopar-project/clusters:plugin';

const COMMANDS = {
  show: 'gopar:show-clusters',
  create: 'gopar:new-cluster',
  insert: 'gopar:insert-client-code'
};

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
    panel.title.icon = new LabIcon({ name: 'gopar:clusters', svgstr: clusters });
    panel.title.caption = 'Go clusters';
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', 'Go clusters');
    const shell = labShell ?? app.shell;
    shell.add(panel, 'left', { rank: 550 });
    restorer?.add(panel, panel.id);

    const { commands } = app;
    commands.addCommand(COMMANDS.show, { label: 'Show Go Clusters', execute: () => shell.activateById(panel.id) });
    commands.addCommand(COMMANDS.create, {
      label: 'New Go Cluster…',
      execute: () => {
        shell.activateById(panel.id);
        return panel.create();
      }
    });
    commands.addCommand(COMMANDS.insert, {
      label: 'Insert Code That Connects to the Go Cluster',
      isEnabled: () => tracker.currentWidget !== null && panel.clusters.length > 0,
      execute: () => panel.insertFirst()
    });
    for (const command of Object.values(COMMANDS)) {
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
