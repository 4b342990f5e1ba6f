package main

import (
	"strings"
	"testing"
)

func TestTablesOfNotebooksEscapeWhatTheyShow(t *testing.T) {
	t.Parallel()
	got := htmlTable([][]string{{"Cluster <b>: degraded"}, {"  problem", "<script>alert(1)</script>"}})
	if strings.Contains(got, "<script>") || !strings.Contains(got, "Cluster &lt;b&gt;") || !strings.Contains(got, "●</span> degraded") || !strings.Contains(got, ">problem<") {
		t.Error(got)
	}
	got = htmlTable([][]string{{"ID", "STATE"}, {"demo", "running (restarted 1×)"}})
	if !strings.Contains(got, "<thead>") || !strings.Contains(got, `<td style="text-align:left">demo</td>`) || !strings.Contains(got, "●</span> running (restarted 1×)") {
		t.Error(got)
	}
	if got = htmlTable(nil); !strings.HasSuffix(got, "<tbody></tbody></table>") {
		t.Error(got)
	}
}
