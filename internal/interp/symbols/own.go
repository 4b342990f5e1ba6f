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
	"AtMostOnce":        reflect.ValueOf(parallel.AtMostOnce),
	"BroadcastLabel":    reflect.ValueOf(parallel.BroadcastLabel),
	"Chunk":             reflect.ValueOf(parallel.Chunk),
	"ClusterID":         reflect.ValueOf(parallel.ClusterID),
	"Clusters":          reflect.ValueOf(parallel.Clusters),
	"Coalesce":          reflect.ValueOf(parallel.Coalesce),
	"Connect":           reflect.ValueOf(parallel.Connect),
	"ConnectContext":    reflect.ValueOf(parallel.ConnectContext),
	"DependencyTimeout": reflect.ValueOf(parallel.DependencyTimeout),
	"EnableCurve":       reflect.ValueOf(parallel.EnableCurve),
	"EngineArgs":        reflect.ValueOf(parallel.EngineArgs),
	"Exe":               reflect.ValueOf(parallel.Exe),
	"File":              reflect.ValueOf(parallel.File),
	"Follow":            reflect.ValueOf(parallel.Follow),
	"FromFile":          reflect.ValueOf(parallel.FromFile),
	"HubArgs":           reflect.ValueOf(parallel.HubArgs),
	"HubTimeout":        reflect.ValueOf(parallel.HubTimeout),
	"Init":              reflect.ValueOf(parallel.Init),
	"Job":               reflect.ValueOf(parallel.Job),
	"Label":             reflect.ValueOf(parallel.Label),
	"Log":               reflect.ValueOf(parallel.Log),
	"MustConnect":       reflect.ValueOf(parallel.MustConnect),
	"MustStart":         reflect.ValueOf(parallel.MustStart),
	"N":                 reflect.ValueOf(parallel.N),
	"Near":              reflect.ValueOf(parallel.Near),
	"On":                reflect.ValueOf(parallel.On),
	"Output":            reflect.ValueOf(parallel.Output),
	"Priority":          reflect.ValueOf(parallel.Priority),
	"Profile":           reflect.ValueOf(parallel.Profile),
	"ProfileDir":        reflect.ValueOf(parallel.ProfileDir),
	"Px":                reflect.ValueOf(parallel.Px),
	"Restarts":          reflect.ValueOf(parallel.Restarts),
	"Retries":           reflect.ValueOf(parallel.Retries),
	"SetSlot":           reflect.ValueOf(parallel.SetSlot),
	"Slot":              reflect.ValueOf(parallel.Slot),
	"Start":             reflect.ValueOf(parallel.Start),
	"StartContext":      reflect.ValueOf(parallel.StartContext),
	"StopIdle":          reflect.ValueOf(parallel.StopIdle),
	"TaskTimeout":       reflect.ValueOf(parallel.TaskTimeout),
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
