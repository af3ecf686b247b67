package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"
)

// question is a request of the load, whose answer is known.
type question struct {
	verb, body, answer string
}

// questions are those of the clients: a score of a row, which takes no time, some samples,
// densities, and gaps.
func questions(ctx context.Context, url string) ([]question, error) {
	all := []question{
		{verb: "score", body: `{"rows":[[0.5,-0.25]],"noise":0.5}`},
		{verb: "sample", body: `{"n":20,"seed":1}`},
		{verb: "sample", body: `{"n":300,"seed":2,"first":1000}`},
		{verb: "logprob", body: `{"rows":[[0.5,-0.25],[1,0.5]]}`},
		{verb: "impute", body: `{"rows":[[0.5,null],[null,0.5],[1,null]],"seed":3}`},
	}
	for i := range all {
		answer, err := ask(ctx, http.DefaultClient, url, all[i].verb, all[i].body)
		if err != nil {
			return nil, err
		}
		all[i].answer = answer
	}
	return all, nil
}

// ask returns a whole answer.
func ask(ctx context.Context, c *http.Client, url, verb, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/"+verb, bytes.NewBufferString(body))
	if err != nil {
		return "", err
	}
	response, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", verb, response.Status, bytes.TrimSpace(text))
	}
	return string(text), whole(text)
}

// whole returns an error unless the last line says that the answer is whole.
func whole(text []byte) error {
	lines, end := 0, last{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); lines++ {
		end = last{}
		if err := json.Unmarshal(s.Bytes(), &end); err != nil {
			return err
		}
	}
	switch {
	case end.Error != "":
		return errors.New(end.Error)
	case end.Rows == nil || *end.Rows != lines-1:
		return fmt.Errorf("the answer broke off after %d lines", lines)
	}
	return nil
}

// load asks with more and more clients at the same time, prints how long they waited, and
// compares every answer with that of the same question asked alone.
func load(ctx context.Context, url string, s *server, each time.Duration, stdout io.Writer) error {
	all, err := questions(ctx, url)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "clients  requests  requests/s  p50 ms  p99 ms  wrong  failed  heap MB")
	for _, clients := range []int{1, 4, 16, 64} {
		took, wrong, failed := crowd(ctx, url, all, clients, each)
		if len(took) == 0 {
			return errors.Join(ctx.Err(), errors.New("no request was answered"))
		}
		slices.Sort(took)
		at := func(q float64) float64 { return 1000 * took[int(q*float64(len(took)-1))].Seconds() }
		var mem runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&mem)
		fmt.Fprintf(stdout, "%7d  %8d  %10.0f  %6.1f  %6.1f  %5d  %6d  %7.1f\n", clients, len(took), float64(len(took))/each.Seconds(), at(0.5), at(0.99), wrong, failed, float64(mem.HeapAlloc)/(1<<20))
		if wrong+failed > 0 {
			return fmt.Errorf("%d answers were wrong, %d requests failed", wrong, failed)
		}
	}
	return nil
}

// crowd asks for a time with so many clients.
func crowd(ctx context.Context, url string, all []question, clients int, each time.Duration) (took []time.Duration, wrong, failed int) {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client, end := &http.Client{Transport: transport}, time.Now().Add(each)
	var mu sync.Mutex
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			for i := c; time.Now().Before(end) && ctx.Err() == nil; i++ {
				q, start := all[i%len(all)], time.Now()
				answer, err := ask(ctx, client, url, q.verb, q.body)
				mu.Lock()
				switch {
				case err != nil:
					failed++
				case answer != q.answer:
					wrong++
				default:
					took = append(took, time.Since(start))
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return took, wrong, failed
}
