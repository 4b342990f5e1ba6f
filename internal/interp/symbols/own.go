package symbols

import (
	"reflect"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/measure"
	"github.com/gopar-project/gopar/parallel"
)

// own are the functions without type parameters of gopar's packages that cells
// call; a test holds them against the packages.
var own = map[string]Package{
	"github.com/gopar-project/gopar/display":  {Name: "display", Funcs: displayFuncs},
	"github.com/gopar-project/gopar/parallel": {Name: "parallel", Funcs: parallelFuncs},

	"github.com/gopar-project/gopar/internal/measure": {Name: "measure", Funcs: measureFuncs},
}

var measureFuncs = map[string]reflect.Value{
	"Chdir":        reflect.ValueOf(measure.Chdir),
	"Clear":        reflect.ValueOf(measure.Clear),
	"Memory":       reflect.ValueOf(measure.Memory),
	"Place":        reflect.ValueOf(measure.Place),
	"Setenv":       reflect.ValueOf(measure.Setenv),
	"StartProfile": reflect.ValueOf(measure.StartProfile),
	"StopProfile":  reflect.ValueOf(measure.StopProfile),
	"Time":         reflect.ValueOf(measure.Time),
	"Values":       reflect.ValueOf(measure.Values),
}

var parallelFuncs = map[string]reflect.Value{
	"Adapt":             reflect.ValueOf(parallel.Adapt),
	"After":             reflect.ValueOf(parallel.After),
	"Chunk":             reflect.ValueOf(parallel.Chunk),
	"ClusterID":         reflect.ValueOf(parallel.ClusterID),
	"Clusters":          reflect.ValueOf(parallel.Clusters),
	"Connect":           reflect.ValueOf(parallel.Connect),
	"ConnectContext":    reflect.ValueOf(parallel.ConnectContext),
	"DependencyTimeout": reflect.ValueOf(parallel.DependencyTimeout),
	"EngineArgs":        reflect.ValueOf(parallel.EngineArgs),
	"EnableCurve":       reflect.ValueOf(parallel.EnableCurve),
	"Exe":               reflect.ValueOf(parallel.Exe),
	"File":              reflect.ValueOf(parallel.File),
	"Follow":            reflect.ValueOf(parallel.Follow),
	"HubArgs":           reflect.ValueOf(parallel.HubArgs),
	"Init":              reflect.ValueOf(parallel.Init),
	"Label":             reflect.ValueOf(parallel.Label),
	"Log":               reflect.ValueOf(parallel.Log),
	"MustConnect":       reflect.ValueOf(parallel.MustConnect),
	"FromFile":          reflect.ValueOf(parallel.FromFile),
	"Job":               reflect.ValueOf(parallel.Job),
	"MustStart":         reflect.ValueOf(parallel.MustStart),
	"StopIdle":          reflect.ValueOf(parallel.StopIdle),
	"On":                reflect.ValueOf(parallel.On),
	"N":                 reflect.ValueOf(parallel.N),
	"Output":            reflect.ValueOf(parallel.Output),
	"Profile":           reflect.ValueOf(parallel.Profile),
	"ProfileDir":        reflect.ValueOf(parallel.ProfileDir),
	"Px":                reflect.ValueOf(parallel.Px),
	"Restarts":          reflect.ValueOf(parallel.Restarts),
	"Retries":           reflect.ValueOf(parallel.Retries),
	"SetSlot":           reflect.ValueOf(parallel.SetSlot),
	"Slot":              reflect.ValueOf(parallel.Slot),
	"Start":             reflect.ValueOf(parallel.Start),
	"StartContext":      reflect.ValueOf(parallel.StartContext),
	"Timeout":           reflect.ValueOf(parallel.Timeout),
}

var displayFuncs = map[string]reflect.Value{
	"Clear":        reflect.ValueOf(display.Clear),
	"HTML":         reflect.ValueOf(display.HTML),
	"Input":        reflect.ValueOf(display.Input),
	"JPEG":         reflect.ValueOf(display.JPEG),
	"JSON":         reflect.ValueOf(display.JSON),
	"Latex":        reflect.ValueOf(display.Latex),
	"Markdown":     reflect.ValueOf(display.Markdown),
	"New":          reflect.ValueOf(display.New),
	"PNG":          reflect.ValueOf(display.PNG),
	"Page":         reflect.ValueOf(display.Page),
	"Password":     reflect.ValueOf(display.Password),
	"Progress":     reflect.ValueOf(display.Progress),
	"SVG":          reflect.ValueOf(display.SVG),
	"SetNextInput": reflect.ValueOf(display.SetNextInput),
	"Show":         reflect.ValueOf(display.Show),
	"Table":        reflect.ValueOf(display.Table),
	"Text":         reflect.ValueOf(display.Text),
	"Update":       reflect.ValueOf(display.Update),
	"VegaLite":     reflect.ValueOf(display.VegaLite),
}
