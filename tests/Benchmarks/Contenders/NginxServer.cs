using System.Net;
using System.Net.Sockets;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>nginx as a reverse proxy that passes streams on as they come, with connections to the upstream kept open.</summary>
internal static class NginxServer
{
    public static async Task<(Child Child, Uri Address)?> TryStartAsync(string folder, Uri upstream)
    {
        string[] places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
        if (places.FirstOrDefault(File.Exists) is not { } program)
        {
            return null;
        }

        Directory.CreateDirectory(folder);
        var port = FreePort();
        var config = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            daemon off;
            pid {{folder}}/nginx.pid;
            error_log stderr notice;
            worker_processes auto;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              keepalive_requests 100000000;
              upstream mcp { server {{upstream.Authority}}; keepalive 128; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://mcp;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_buffering off;
                }
              }
            }
            """);

        // "start worker process" is the master's last word before it serves.
        var (child, _) = await Child.StartAsync(program, ["-p", folder, "-c", config], new Dictionary<string, string?>(), line => line.Contains("start worker process", StringComparison.Ordinal));
        return (child, new($"http://127.0.0.1:{port}"));
    }

    // nginx takes no port 0: one is looked for and let go. Nothing else starts in between.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
