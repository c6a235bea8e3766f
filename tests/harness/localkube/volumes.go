package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	provisionerName = "dbmigrations.dev/test-folder"
	className       = "standard" // the name of kind's default class
	selectedNode    = "volume.kubernetes.io/selected-node"
	provisionedBy   = "pv.kubernetes.io/provisioned-by"
)

// provisioner gives each claim of the default class a folder of this machine, and removes it with the claim.
type provisioner struct {
	client kubernetes.Interface
	folder string
	claims func() ([]*core.PersistentVolumeClaim, error)
	disks  func() ([]*core.PersistentVolume, error)
}

// serveVolumes becomes the provisioner; it ends on SIGTERM.
func serveVolumes() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of an administrator")
	folder := flag.String("folder", "", "where the volumes' folders are made")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := ensureClass(ctx, client); err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(client, time.Minute)
	volumes := factory.Core().V1()
	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default: // somebody has knocked already
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { wake() },
		UpdateFunc: func(any, any) { wake() },
	}
	_, _ = volumes.PersistentVolumeClaims().Informer().AddEventHandler(handler)
	_, _ = volumes.PersistentVolumes().Informer().AddEventHandler(handler)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	p := provisioner{
		client: client,
		folder: *folder,
		claims: func() ([]*core.PersistentVolumeClaim, error) {
			return volumes.PersistentVolumeClaims().Lister().List(labels.Everything())
		},
		disks: func() ([]*core.PersistentVolume, error) {
			return volumes.PersistentVolumes().Lister().List(labels.Everything())
		},
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			if err := p.reconcile(ctx); err != nil {
				log.Print(err)
				time.AfterFunc(time.Second, wake)
			}
		}
	}
}

func ensureClass(ctx context.Context, client kubernetes.Interface) error {
	mode, policy := storage.VolumeBindingWaitForFirstConsumer, core.PersistentVolumeReclaimDelete
	class := &storage.StorageClass{
		ObjectMeta: meta.ObjectMeta{
			Name:        className,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       provisionerName,
		VolumeBindingMode: &mode,
		ReclaimPolicy:     &policy,
	}
	_, err := client.StorageV1().StorageClasses().Create(ctx, class, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// reconcile makes a volume for each claim that a Pod waits for, and removes the volumes whose claim has gone.
func (p provisioner) reconcile(ctx context.Context) error {
	claims, err := p.claims()
	if err != nil {
		return err
	}
	for _, claim := range claims {
		if wanted(claim) {
			if err := p.provide(ctx, claim); err != nil {
				return err
			}
		}
	}
	disks, err := p.disks()
	if err != nil {
		return err
	}
	for _, disk := range disks {
		if disk.Annotations[provisionedBy] == provisionerName && disk.Status.Phase == core.VolumeReleased {
			if err := p.remove(ctx, disk); err != nil {
				return err
			}
		}
	}
	return nil
}

func wanted(claim *core.PersistentVolumeClaim) bool {
	return claim.Spec.StorageClassName != nil && *claim.Spec.StorageClassName == className &&
		claim.Spec.VolumeName == "" && claim.DeletionTimestamp == nil && claim.Annotations[selectedNode] != ""
}

func (p provisioner) provide(ctx context.Context, claim *core.PersistentVolumeClaim) error {
	name := "pvc-" + string(claim.UID)
	path := filepath.Join(p.folder, name)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil { // any Pod's user may write, as on kind; the umask took that away
		return err
	}
	kind := core.HostPathDirectory
	disk := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: provisionerName}},
		Spec: core.PersistentVolumeSpec{
			StorageClassName:              className,
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
			PersistentVolumeSource: core.PersistentVolumeSource{
				HostPath: &core.HostPathVolumeSource{Path: path, Type: &kind},
			},
			ClaimRef: &core.ObjectReference{
				Kind: "PersistentVolumeClaim", APIVersion: "v1",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
		},
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, disk, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (p provisioner) remove(ctx context.Context, disk *core.PersistentVolume) error {
	if err := os.RemoveAll(filepath.Join(p.folder, disk.Name)); err != nil {
		return err
	}
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, disk.Name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}
