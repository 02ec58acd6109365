@echo off
rem docker-test.bat                  builds the image with the demo model, runs it, tries it, and cleans up
rem docker-test.bat PORT             on another port than 18000
rem docker-test.bat PORT SECONDS     waits so long for the server instead of two minutes

setlocal
chcp 65001 >nul
cd /d "%~dp0"

set "PORT=%~1"
if not defined PORT set "PORT=18000"
set "SECONDS=%~2"
if not defined SECONDS set "SECONDS=120"
set "NAME=voice-chat-test"
set "ADDRESS=http://127.0.0.1:%PORT%"

docker version >nul 2>nul
if errorlevel 1 (
    echo FAILED: Docker does not answer. Start Docker Desktop, then this again. 1>&2
    exit /b 1
)

echo [1/5] Building the images; the first time this takes minutes.
set "STEP=the images could not be built"
docker build --build-arg MODEL=demo -t %NAME%-backend .
if errorlevel 1 goto failed
docker build --target client -t %NAME%-client .
if errorlevel 1 goto failed

echo [2/5] Starting the server on %ADDRESS%.
set "STEP=the server could not be started; is port %PORT% in use? docker-test.bat PORT takes another"
docker rm -f -v %NAME% >nul 2>nul
docker run -d --name %NAME% --read-only --tmpfs /tmp -p 127.0.0.1:%PORT%:8000 %NAME%-backend >nul
if errorlevel 1 goto failed

echo [3/5] Waiting until it is ready.
set "STEP=the server was not ready after %SECONDS% seconds"
set "TRIES=0"
:wait
curl -fsS -o nul %ADDRESS%/ready 2>nul
if not errorlevel 1 goto ready
set /a TRIES+=1
if %TRIES% geq %SECONDS% goto failed
rem `timeout` refuses to wait when its input is not a console.
ping -n 2 127.0.0.1 >nul
goto wait
:ready

echo [4/5] Asking every endpoint.
set "SILENT="
call :ask /
call :ask /docs
call :ask /health
call :ask /ready
call :ask /asr/info
call :ask /metrics
call :ask "/chat/list?id=nobody"
set "STEP=%SILENT% did not answer with success"
if defined SILENT goto failed

echo [5/5] Streaming a recording.
set "STEP=the recording was not recognised"
docker run --rm --network container:%NAME% %NAME%-client replay --url ws://127.0.0.1:8000/ws /samples/complaint.wav
if errorlevel 1 goto failed

docker rm -f -v %NAME% >nul 2>nul
echo PASSED
exit /b 0

:failed
docker logs %NAME% 1>&2
docker rm -f -v %NAME% >nul 2>nul
echo FAILED: %STEP%. 1>&2
exit /b 1

:ask
if defined SILENT exit /b
curl -fsS -o nul "%ADDRESS%%~1"
if errorlevel 1 set "SILENT=%~1"
exit /b
