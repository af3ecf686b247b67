package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/field"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// The processes of -shards are this test's own program, started as serve is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-model" {
		main()
		return
	}
	os.Exit(m.Run())
}

var learned = sync.OnceValues(func() (*score.Model, error) {
	j := &job{steps: 20}
	return j.open(context.Background())
})

var wide = limits{rows: 2000, bytes: 1 << 20, deadline: time.Minute, running: 2, waiting: 64}

// started serves the model of two moons.
func started(t *testing.T, l limits) (*server, string) {
	m, err := learned()
	require.NoError(t, err)
	s := newServer(m, l)
	h := httptest.NewServer(s.handler())
	t.Cleanup(h.Close)
	return s, h.URL
}

func post(t *testing.T, url, verb, body string) (status int, text string) {
	r, err := http.Post(url+"/"+verb, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer r.Body.Close()
	all, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r.StatusCode, string(all)
}

func lines(t *testing.T, url, verb, body string) (all []line) {
	status, text := post(t, url, verb, body)
	require.Equal(t, http.StatusOK, status, text)
	require.NoError(t, whole([]byte(text)))
	d := json.NewDecoder(strings.NewReader(rowsOf(text)))
	for d.More() {
		var l line
		require.NoError(t, d.Decode(&l))
		all = append(all, l)
	}
	return all
}

func TestSamplesAreThoseOfTheLibrary(t *testing.T) {
	s, url := started(t, wide)
	x := mat.NewDense(700, 2, nil)
	require.NoError(t, sampler.Sample(t.Context(), x, s.m.Problem(), sampler.Default(s.m.Process()), &sampler.Settings{Seed: 5}))
	for i, l := range lines(t, url, "sample", `{"n":700,"seed":5}`) {
		require.Equal(t, i, l.Row)
		require.Equal(t, x.RawRowView(i), []float64{*l.X[0], *l.X[1]})
	}
}

func TestRowsDoNotDependOnTheSplit(t *testing.T) {
	_, url := started(t, wide)
	for verb, bodies := range map[string][3]string{
		"sample": {`{"n":400,"seed":2}`, `{"n":150,"seed":2}`, `{"n":250,"seed":2,"first":150}`},
		"impute": {`{"rows":[[1,null],[null,1],[null,null]],"seed":2}`, `{"rows":[[1,null]],"seed":2}`, `{"rows":[[null,1],[null,null]],"seed":2,"first":1}`},
	} {
		_, all := post(t, url, verb, bodies[0])
		_, a := post(t, url, verb, bodies[1])
		_, b := post(t, url, verb, bodies[2])
		require.Equal(t, rowsOf(all), rowsOf(a+b), verb)
	}
}

func TestKnownCellsStayAndGapsAreFilled(t *testing.T) {
	_, url := started(t, wide)
	all := lines(t, url, "impute", `{"rows":[[0.75,null],[0.25,-0.5],[null,null]]}`)
	require.Len(t, all, 3)
	require.Equal(t, 0.75, *all[0].X[0])
	require.Equal(t, []float64{0.25, -0.5}, []float64{*all[1].X[0], *all[1].X[1]})
	for _, v := range []*float64{all[0].X[1], all[2].X[0], all[2].X[1]} {
		require.Less(t, math.Abs(*v), 10.0)
	}
}

func TestScoresAndDensitiesAreThoseOfTheLibrary(t *testing.T) {
	s, url := started(t, wide)
	x := mat.NewDense(1, 2, []float64{0.3, -0.2})
	want := field.Score(s.m, x, 0.7*s.m.Frame().Scale[0]) // in the data's units
	point := lines(t, url, "score", `{"rows":[[0.3,-0.2]],"noise":0.7}`)[0]
	for j := range 2 {
		require.InDelta(t, want.At(0, j), *point.Score[j], 1e-6)
	}
	logp := make([]float64, 1)
	_, err := sampler.LogProb(t.Context(), logp, x, s.m.Problem(), nil)
	require.NoError(t, err)
	require.Equal(t, logp[0], *lines(t, url, "logprob", `{"rows":[[0.3,-0.2]]}`)[0].LogProb)
}

func TestWhatCannotBeAnsweredIsNamed(t *testing.T) {
	l := wide
	l.bytes = 300
	_, url := started(t, l)
	for _, c := range []struct {
		verb, body string
		status     int
		text       string
	}{
		{"sample", `{"n":0}`, 400, "n: 0 rows, want 1 to 2000"},
		{"sample", `{"n":2001}`, 400, "n: 2001 rows, want 1 to 2000"},
		{"sample", `{"n":1,"first":-1}`, 400, "first: is -1"},
		{"sample", `{"n":1,"rows":[[1,2]]}`, 400, "want n, the number of rows to sample"},
		{"sample", `{"n":1,"cond":[1]}`, 400, "cond: score: "},
		{"sample", `{"number":1}`, 400, `unknown field "number"`},
		{"sample", `{"n":1} {}`, 400, "more than one JSON object"},
		{"sample", `{"n":1e400}`, 400, "JSON"},
		{"sample", ``, 400, "JSON"},
		{"impute", `{"rows":[[1,2,3]]}`, 400, "have 3 numbers, want the model's 2"},
		{"impute", `{"rows":[[1,2],[3]]}`, 400, "row 1 has 1 numbers, row 0 has 2"},
		{"impute", `{"n":4}`, 400, "rows: there are none"},
		{"score", `{"rows":[[1,null]],"noise":1}`, 400, "row 0, column 1 is null"},
		{"score", `{"rows":[[1,2]]}`, 400, "noise: is 0, want a level from "},
		{"logprob", `{"rows":[[1,2]],"n":3}`, 400, "n: is given beside rows"},
		{"logprob", `{"rows":[` + strings.Repeat("[1,2],", 60) + `[1,2]]}`, 413, "too large"},
		{"guess", `{}`, 404, ""},
	} {
		status, text := post(t, url, c.verb, c.body)
		require.Equal(t, c.status, status, c.body)
		require.Contains(t, text, c.text, c.body)
	}
	r, err := http.Get(url + "/sample")
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode)
}

func TestModelsUnderConditionsWantThem(t *testing.T) {
	m, err := score.New(1, &score.Config{Net: nn.MLP{Hidden: []int{4}}, Cond: score.Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	h := httptest.NewServer(newServer(m, wide).handler())
	defer h.Close()
	status, text := post(t, h.URL, "sample", `{"n":2,"cond":[3]}`)
	require.Equal(t, 400, status)
	require.Contains(t, text, "cond: score: ")
	require.Len(t, lines(t, h.URL, "sample", `{"n":2,"cond":[2]}`), 2)
	status, text = post(t, h.URL, "impute", `{"rows":[[null]],"cond":[2]}`)
	require.Equal(t, 400, status)
	require.Contains(t, text, "ColumnLevels")
	var said struct{ Impute bool }
	r, err := http.Get(h.URL + "/model")
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(r.Body).Decode(&said))
	require.NoError(t, r.Body.Close())
	require.False(t, said.Impute)
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	l := wide
	l.waiting = 1
	s, url := started(t, l)
	for range l.running { // all slots are taken
		s.slots <- struct{}{}
	}
	first := make(chan int, 1)
	go func() {
		status, _ := post(t, url, "sample", `{"n":1}`)
		first <- status
	}()
	require.Eventually(t, func() bool { return s.inside.Load() == 1 }, 5*time.Second, time.Millisecond)
	r, err := http.Post(url+"/sample", "", strings.NewReader(`{"n":1}`))
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusTooManyRequests, r.StatusCode)
	require.Equal(t, "1", r.Header.Get("Retry-After"))
	<-s.slots
	require.Equal(t, http.StatusOK, <-first)
	<-s.slots
}

func TestDeadlinesEndRequests(t *testing.T) {
	l := wide
	l.deadline = time.Millisecond
	s, url := started(t, l)
	for range l.running {
		s.slots <- struct{}{}
	}
	status, text := post(t, url, "sample", `{"n":1}`)
	require.Equal(t, http.StatusGatewayTimeout, status)
	require.Contains(t, text, "deadline exceeded")
}

func TestRunningRequestsEndWellWhenTheServerEnds(t *testing.T) {
	m, err := learned()
	require.NoError(t, err)
	s := newServer(m, wide)
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, listener, 20*time.Second, slog.New(slog.DiscardHandler)) }()
	for range wide.running {
		s.slots <- struct{}{}
	}
	answered := make(chan error, 1)
	go func() {
		_, err := ask(t.Context(), http.DefaultClient, url, "sample", `{"n":600}`)
		answered <- err
	}()
	require.Eventually(t, func() bool { return s.inside.Load() == 1 }, 5*time.Second, time.Millisecond)
	stop()
	require.Eventually(t, s.ending.Load, 5*time.Second, time.Millisecond)
	<-s.slots
	require.NoError(t, <-answered)
	require.NoError(t, <-ended)
	<-s.slots

	w := httptest.NewRecorder()
	s.health(w, nil)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}

func TestAnswersAreNotMixedUp(t *testing.T) {
	_, url := started(t, wide)
	all, err := questions(t.Context(), url)
	require.NoError(t, err)
	took, wrong, failed := crowd(t.Context(), url, all, 8, 300*time.Millisecond)
	require.NotEmpty(t, took)
	require.Zero(t, wrong)
	require.Zero(t, failed)
	r, err := http.Get(url + "/metrics")
	require.NoError(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Regexp(t, `gradlogp_requests_total\{verb="sample",status="200"\} \d+`, string(text))
	require.Regexp(t, `gradlogp_request_seconds_bucket\{verb="score",le="\+Inf"\} \d+`, string(text))
	require.Contains(t, string(text), "gradlogp_running 0\n")
}

func TestAnswersThatBreakOffAreSeen(t *testing.T) {
	require.NoError(t, whole([]byte("{\"row\":0}\n{\"rows\":1}\n")))
	require.ErrorContains(t, whole([]byte("{\"row\":0}\n{\"row\":1}\n")), "broke off after 2 lines")
	require.ErrorContains(t, whole([]byte("{\"row\":0}\n{\"error\":\"late\"}\n")), "late")
}

func TestShardsHaveTheBitsOfOneProcess(t *testing.T) {
	m, err := learned()
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, (&job{shards: 2}).share(t.Context(), m, &out))
	require.Equal(t, "3000 rows of one process, 3000 of 2 processes: the same to the last digit\n", out.String())
}

func TestLoadPrintsALineForEachCrowd(t *testing.T) {
	j := &job{}
	require.NoError(t, command.Parse("serve", j, []string{"-address", "localhost:0", "-load", "50ms", "-steps", "5"}))
	var out bytes.Buffer
	require.NoError(t, j.Run(t.Context(), &out, io.Discard))
	require.Len(t, strings.Split(strings.TrimSpace(out.String()), "\n"), 5)
}

func TestBadFlagsAreNamed(t *testing.T) {
	for flag, value := range map[string]string{"-rows": "0", "-bytes": "0", "-running": "0", "-waiting": "0", "-deadline": "0s", "-grace": "-1s", "-load": "-1s", "-shards": "65", "-steps": "0"} {
		require.Error(t, command.Parse("serve", &job{}, []string{flag, value}), flag)
	}
	require.Error(t, command.Parse("serve", &job{}, []string{"-shards", "2", "-load", "1s"}))
}
