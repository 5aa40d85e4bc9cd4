//go:build linux

package benchmarks

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lambdatune/lambdatune/filter/s3select"
)

// TestMinIO is run by hand, with MINIO_BIN naming a MinIO server
// (go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c): the
// local engine over GetObject beside MinIO's own S3 Select, in MB for each second
// of processor time of client and server together. The rows must be the same.
func TestMinIO(t *testing.T) {
	bin := os.Getenv("MINIO_BIN")
	if bin == "" {
		t.Skip("by hand: MINIO_BIN names a MinIO server; make minio builds one")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	server := exec.Command(bin, "server", "--quiet", "--address", addr, t.TempDir())
	server.Env = append(os.Environ(), "MINIO_ROOT_USER=minioadmin", "MINIO_ROOT_PASSWORD=minioadmin", "MINIO_BROWSER=off", "MINIO_CI_CD=1")
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
	}()
	client := s3.New(s3.Options{
		Region: "us-east-1", UsePathStyle: true, BaseEndpoint: aws.String("http://" + addr),
		Credentials: credentials.NewStaticCredentialsProvider("minioadmin", "minioadmin", ""),
		// A range has no checksum of its own; the floor does without, too.
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
	for range 100 {
		if _, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bench")}); err == nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	pid, buf := server.Process.Pid, make([]byte, 1<<20)
	query := func(q s3select.Query, key string, backend s3select.Backend) (rows int) {
		for _, err := range s3select.Raw(t.Context(), client, s3select.Object{Bucket: "bench", Key: key}, q, s3select.WithBackend(backend), s3select.WithParts(partSize(), 2)) {
			if err != nil {
				t.Fatal(backend, err)
			}
			rows++
		}
		return rows
	}
	const rounds = 5
	for _, c := range []struct {
		kind string
		in   s3select.Input
		sql  string
	}{
		{"json", jsonIn, "SELECT s.id, s.path FROM S3Object s WHERE s.city = 'Reykjavik'"},
		{"json", jsonIn, "SELECT s.id, s.path FROM S3Object s WHERE s.geo.town.name = 'Reykjavik'"},
		{"csv", s3select.Input{Format: "CSV", CSV: s3select.CSVInput{FileHeaderInfo: "USE"}}, "SELECT s.id, s.path FROM S3Object s WHERE s.town = 'Reykjavik'"},
	} {
		path, size := write(c.kind)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bench"), Key: aws.String(c.kind), Body: io.ReadSeeker(f)})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		q := s3select.Query{SQL: c.sql, Input: c.in}
		var rows [2]int
		ways := []func(){
			func() { rows[0] = query(q, c.kind, s3select.Local) },
			func() { rows[1] = query(q, c.kind, s3select.Server) },
			// The floor: all of the object, and nothing done with it.
			func() {
				out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bench"), Key: aws.String(c.kind)})
				if err != nil {
					t.Fatal(err)
				}
				for err == nil {
					_, err = out.Body.Read(buf)
				}
				if out.Body.Close(); err != io.EOF {
					t.Fatal(err)
				}
			},
		}
		// One after the other in every round; the first round is for warming up.
		var client, server [3]time.Duration
		for round := range 1 + rounds {
			for i, way := range ways {
				here, there := cpu(), cpuOf(t, pid)
				way()
				if round > 0 {
					client[i] += cpu() - here
					server[i] += cpuOf(t, pid) - there
				}
			}
		}
		var rate [3]float64
		for i := range rate {
			rate[i] = rounds * float64(size) / 1e6 / (client[i] + server[i]).Seconds()
		}
		fmt.Printf("%-4s %s\n     local %.0f MB/cpu-s, MinIO's S3 Select %.0f: %.1f times; GetObject alone %.0f: %.1f times is the most there could be; %d rows\n",
			c.kind, c.sql, rate[0], rate[1], rate[0]/rate[1], rate[2], rate[2]/rate[1], rows[0])
		for i, name := range []string{"local", "MinIO's S3 Select", "GetObject alone"} {
			per := func(d time.Duration) float64 { return d.Seconds() * 1e3 / rounds / (float64(size) / 1e6) }
			fmt.Printf("     %-17s %.2f ms/MB of the client, %.2f of the server\n", name, per(client[i]), per(server[i]))
		}
		if rows[0] != rows[1] || rows[0] == 0 {
			t.Errorf("%d rows here, %d from MinIO", rows[0], rows[1])
		}
	}
}

// cpuOf is the processor time of another process.
func cpuOf(t *testing.T, pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, _ := strconv.Atoi(f)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}

// partSize is S3SELECT_PART in KiB, 8 MiB if that is not set: two of these take
// the memory of four parts of the default size, and half the requests.
func partSize() int64 {
	if n, err := strconv.ParseInt(os.Getenv("S3SELECT_PART"), 10, 64); err == nil {
		return n << 10
	}
	return 8 << 20
}
