//go:build !js && !windows

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// The page learns in a browser: noise becomes points near the data, a click shows a path, the
// solvers race, the model is downloaded, and two pages of one address hold the same numbers.
func TestThePageLearnsInABrowser(t *testing.T) {
	if os.Getenv("GRADLOGP_BROWSER") == "" {
		t.Skip("half a minute of two processors, in .ci/run: it sets GRADLOGP_BROWSER where Chromium is installed")
	}
	b := startBrowser(t)
	dir := t.TempDir()
	require.NoError(t, build(context.Background(), dir))
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)

	const script = `(async () => {
		const at = (id) => document.getElementById(id);
		const until = async (text, ok) => {
			while (!ok()) await new Promise((done) => setTimeout(done, 20));
			return text;
		};
		await until("learned", () => /learned/.test(at("status").textContent));
		const posted = (kind, act) => new Promise((done) => {
			worker.addEventListener("message", function f({ data }) {
				if (data.kind !== kind || data.kind === "race" && data.lane < data.lanes - 1) return;
				worker.removeEventListener("message", f);
				done(data);
			});
			act();
		});
		const paths = await posted("paths", () => at("guidance").oninput());
		const press = (key) => at("stage").dispatchEvent(new KeyboardEvent("keydown", { key }));
		const trace = await posted("trace", () => press("ArrowLeft"));
		const race = await posted("race", () => at("race").click());
		const file = await posted("save", () => at("save").click());
		const graph = await posted("export", () => at("export").click());
		const pixels = new Set(new Uint32Array(at("stage").getContext("2d").getImageData(0, 0, 300, 300).data.buffer));
		return JSON.stringify({
			ends: Array.from(paths.points.slice(-2 * paths.n)), trace: trace.points.length, race: race.distance,
			file: file.bytes.length, graph: graph.bytes.length, pixels: pixels.size, wide: document.documentElement.scrollWidth, hash: location.hash, status: at("status").textContent.split(",")[0],
		});
	})()`
	var first, second struct {
		Ends                             []float64
		Trace, File, Graph, Pixels, Wide int
		Race                             float64
		Hash, Status                     string
	}
	const task = "#data=points&seed=5&steps=50&class=B&guidance=1.5&points=aaaaAzzaaA00zzBzz00B"
	b.run(s.URL+"/"+task, script, &first)
	require.Equal(t, "step 50 of 50", first.Status)
	require.Len(t, first.Ends, 2*300)
	require.Positive(t, first.Trace)
	require.Positive(t, first.Race)
	require.Greater(t, first.File, 1000)
	require.Greater(t, first.Graph, 1000)
	require.Greater(t, first.Pixels, 20, "colours of the picture")
	require.LessOrEqual(t, first.Wide, 390, "the page is no wider than a telephone")

	b.run(s.URL+"/"+first.Hash, script, &second)
	require.True(t, reflect.DeepEqual(first, second), "the same picture for everybody")
}

// shown is the number of samples that the page shows.
const shown = 300

// BenchmarkBrowser learns two moons in the page, from a browser that has not seen it, and
// gives the frames a second while it learns and the longest wait for one, and the seconds from
// the address to all steps and to samples that are as near to data as other data are, within
// half of that: the sliced Wasserstein-2 distance of the page's 300 points.
func BenchmarkBrowser(b *testing.B) {
	dir := b.TempDir()
	require.NoError(b, build(context.Background(), dir))
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	b.Cleanup(s.Close)

	const script = `(async () => {
		const seen = [], frames = [];
		let step = 0, learning = true;
		const frame = (now) => { if (step > 0) frames.push(now); if (learning) requestAnimationFrame(frame); };
		requestAnimationFrame(frame);
		await new Promise((done) => worker.addEventListener("message", ({ data }) => {
			if (data.kind === "step") step = data.step;
			if (data.kind === "paths") seen.push({ at: performance.now(), step, ends: Array.from(data.points.slice(-2 * data.n)) });
			if (data.kind === "done") done();
		}));
		learning = false;
		return JSON.stringify({ all: performance.now(), frames, seen });
	})()`
	data, err := open("moons", nil, rand.NewPCG(1, 2))
	require.NoError(b, err)
	draw := func() *mat.Dense { return mat.DenseCopyOf(some(data, shown).Slice(0, shown, 0, 2)) }
	truth, directions, floor := draw(), twosample.Directions(32, 2, 0), 0.0
	for range 100 {
		floor += twosample.SlicedW2(draw(), truth, directions) / 100
	}
	for b.Loop() {
		var page struct {
			All    float64
			Frames []float64
			Seen   []struct {
				At   float64
				Step int
				Ends []float64
			}
		}
		startBrowser(b).run(s.URL+"/#data=moons&seed=1&steps=1000", script, &page)
		require.Greater(b, len(page.Frames), 1)
		longest := 0.0
		for i, at := range page.Frames[1:] {
			longest = max(longest, at-page.Frames[i])
		}
		last := len(page.Frames) - 1
		b.ReportMetric(1000*float64(last)/(page.Frames[last]-page.Frames[0]), "frames/s")
		b.ReportMetric(longest, "longest-ms")
		b.ReportMetric(page.All/1000, "s-to-1000-steps")
		for _, v := range page.Seen {
			d := twosample.SlicedW2(mat.NewDense(len(v.Ends)/2, 2, v.Ends), truth, directions)
			b.Logf("%5.2f s, step %4d: %.3f, and %.3f of data", v.At/1000, v.Step, d, floor)
			if d <= 1.5*floor {
				b.ReportMetric(v.At/1000, "s-to-moons")
				break
			}
		}
	}
}

// browser is a headless Chromium that is spoken to by the DevTools protocol: objects of JSON
// with a zero byte at the end, over pipes at its file descriptors 3 and 4.
type browser struct {
	t   testing.TB
	in  *os.File
	out *bufio.Reader
	id  int
}

// startBrowser starts the Chromium that is installed.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	require.NotEmpty(t, path, "Chromium is not installed")
	hisIn, in, err := os.Pipe()
	require.NoError(t, err)
	out, hisOut, err := os.Pipe()
	require.NoError(t, err)
	// Without a sandbox, which root and containers do not have; the page is our own.
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	c.ExtraFiles = []*os.File{hisIn, hisOut}
	require.NoError(t, c.Start())
	hisIn.Close()
	hisOut.Close()
	require.NoError(t, out.SetReadDeadline(time.Now().Add(8*time.Minute)))
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.call("", "Browser.close", nil, nil)
		in.Close()
		c.Wait()
		out.Close()
	})
	return b
}

// call sends a command and waits for its result; events are passed over.
func (b *browser) call(session, method string, params map[string]any, result any) {
	b.t.Helper()
	b.id++
	m := map[string]any{"id": b.id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if session != "" {
		m["sessionId"] = session
	}
	text, err := json.Marshal(m)
	require.NoError(b.t, err)
	_, err = b.in.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		text, err := b.out.ReadBytes(0)
		require.NoError(b.t, err, method)
		var answer struct {
			ID            int
			Result, Error json.RawMessage
		}
		require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &answer))
		if answer.ID != b.id {
			continue
		}
		require.Empty(b.t, string(answer.Error), method)
		if result != nil {
			require.NoError(b.t, json.Unmarshal(answer.Result, result))
		}
		return
	}
}

// run opens an address in a page of the width of a telephone and decodes what the script's
// promise has as JSON. The page's worker is the global variable worker of the script.
func (b *browser) run(address, script string, result any) {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	call := func(method string, params map[string]any, result any) {
		b.t.Helper()
		b.call(attached.SessionID, method, params, result)
	}
	call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true}, nil)
	call("Page.enable", nil, nil)
	call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `
		window.Worker = class extends Worker { constructor(...a) { super(...a); window.worker = this; } };`}, nil)
	call("Page.navigate", map[string]any{"url": address}, nil)
	wait := fmt.Sprintf(`(async () => {
		while (!window.worker || document.readyState !== "complete") await new Promise((done) => setTimeout(done, 20));
		return await %s;
	})()`, script)
	var evaluated struct {
		Result           struct{ Value string }
		ExceptionDetails json.RawMessage
	}
	call("Runtime.evaluate", map[string]any{"expression": wait, "awaitPromise": true, "returnByValue": true}, &evaluated)
	require.Empty(b.t, string(evaluated.ExceptionDetails))
	require.NoError(b.t, json.Unmarshal([]byte(evaluated.Result.Value), result))
	b.call("", "Target.closeTarget", map[string]any{"targetId": target.TargetID}, nil)
}
